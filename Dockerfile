# Built by: docker build -t mho .
FROM debian:bookworm-slim AS build
COPY . /mho
RUN apt-get update && apt-get install --yes --no-install-recommends python3-dev && cd /mho && ./dev install /usr/local && \
    cmake --install build --prefix /opt/mho

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends libyaml-0-2 libprotobuf-c1 libmd0 zlib1g libpng16-16 libjpeg62-turbo libsqlite3-0 libgomp1 libdnnl2 \
    libcurl4 python3 python3-numpy && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/mho /usr/local
RUN ldconfig
ENTRYPOINT ["mho"]
CMD ["--help"]
