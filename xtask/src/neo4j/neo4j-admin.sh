#!/usr/bin/env bash
# The admin tool of this home.
set -euo pipefail
home="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
export NEO4J_HOME="$home" NEO4J_CONF="${NEO4J_CONF:-$home/conf}"
# shellcheck disable=SC2086
exec "@JAVA@" ${HEAP_SIZE:+-Xmx$HEAP_SIZE} @OPTIONS@ -cp "$home/lib/*" "-Dbasedir=$home" -Dfile.encoding=UTF-8 \
    org.neo4j.server.startup.Neo4jAdminCommand "$@"
