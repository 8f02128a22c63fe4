# cmake --install: the program, its man page and completion, both libraries, headers, mho.pc, the CMake package, documents.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS mho_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS mho mho_shared EXPORT mho-targets DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/mho DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(MHO_ZSH_DIR ${CMAKE_INSTALL_DATADIR}/zsh/site-functions CACHE STRING "Where zsh's completion goes, below the prefix")

# The program writes them from its tables of commands and options.
install(CODE "
foreach(text IN ITEMS help:--man:mho.1 completion:bash:mho.bash completion:zsh:_mho completion:fish:mho.fish)
  string(REPLACE \":\" \";\" word \"\${text}\")
  list(POP_BACK word file)
  execute_process(COMMAND \"$<TARGET_FILE:mho_program>\" \${word} OUTPUT_FILE \"${CMAKE_BINARY_DIR}/generated/\${file}\"
                  COMMAND_ERROR_IS_FATAL ANY)
endforeach()")
install(FILES ${CMAKE_BINARY_DIR}/generated/mho.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_BINARY_DIR}/generated/mho.bash RENAME mho
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${CMAKE_BINARY_DIR}/generated/_mho DESTINATION ${MHO_ZSH_DIR})
install(FILES ${CMAKE_BINARY_DIR}/generated/mho.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

set(MHO_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/mho)
install(EXPORT mho-targets NAMESPACE mho:: DESTINATION ${MHO_CMAKE_DIR} FILE mho-config.cmake)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/mho-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/generated/mho-config-version.cmake DESTINATION ${MHO_CMAKE_DIR})

# Relative to where mho.pc lies, so that the folder of an installation can be moved.
list(TRANSFORM MHO_STATIC_LIBRARIES PREPEND -l OUTPUT_VARIABLE MHO_STATIC_FLAGS)
list(JOIN MHO_STATIC_FLAGS " " MHO_STATIC_FLAGS)
file(RELATIVE_PATH MHO_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/mho.pc @ONLY CONTENT
"prefix=\${pcfiledir}/@MHO_PC_PREFIX@
libdir=\${prefix}/@CMAKE_INSTALL_LIBDIR@
includedir=\${prefix}/@CMAKE_INSTALL_INCLUDEDIR@

Name: mho
Description: @PROJECT_DESCRIPTION@
Version: @PROJECT_VERSION@
Cflags: -I\${includedir}
Libs: -L\${libdir} -lmho
Libs.private: @MHO_STATIC_FLAGS@
")
install(FILES ${CMAKE_BINARY_DIR}/generated/mho.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
