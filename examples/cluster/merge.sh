#!/bin/sh
# After all shards: their files as one.
exec mho merge part*.db -o results.db
