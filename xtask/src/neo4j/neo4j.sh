#!/usr/bin/env bash
# Starts, stops and asks after the server of this home: neo4j start | console | stop | status
set -euo pipefail
home="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
pid_file="$home/run/neo4j.pid"

# The process, only if it is this home's server and not a zombie or a stranger with the same number.
running() {
    # A server that ends removes its file, perhaps between two looks at it: a file that is gone is no server, and no error.
    pid="$(cat "$pid_file" 2>/dev/null)" || return 1
    [[ -n "$pid" ]] || return 1
    [[ -r "/proc/$pid/cmdline" ]] || return 1
    grep -zqFx -- "--home-dir=$home" "/proc/$pid/cmdline"
}

case "${1:-}" in
start)
    if running; then
        echo "Neo4j is already running (pid:$pid)."
        exit 0
    fi
    # A session of its own and no inherited streams: it outlives whoever called this.
    # shellcheck disable=SC2086
    NEO4J_HOME="$home" NEO4J_CONF="$home/conf" setsid "@JAVA@" @OPTIONS@ -Xms256m -Xmx256m \
        -cp "$home/plugins/*:$home/conf/*:$home/lib/*" -Dfile.encoding=UTF-8 @MAIN@ \
        "--home-dir=$home" "--config-dir=$home/conf" </dev/null >>"$home/logs/console.log" 2>&1 &
    echo "$!" >"$pid_file"
    echo "Started neo4j (pid:$!)."
    ;;
console)
    # In the foreground, with the configuration that the environment names.
    conf="${NEO4J_CONF:-$home/conf}"
    # shellcheck disable=SC2086
    NEO4J_HOME="$home" NEO4J_CONF="$conf" exec "@JAVA@" @OPTIONS@ -Xms256m -Xmx256m \
        -cp "$home/plugins/*:$conf/*:$home/lib/*" -Dfile.encoding=UTF-8 @MAIN@ \
        "--home-dir=$home" "--config-dir=$conf"
    ;;
stop)
    if ! running; then
        echo "Neo4j is not running."
        rm -f "$pid_file"
        exit 0
    fi
    kill "$pid" 2>/dev/null || true
    for ((tick = 0; tick < 1200; tick++)); do
        if ! running; then
            rm -f "$pid_file"
            echo "Neo4j stopped."
            exit 0
        fi
        sleep 0.1
    done
    echo "Neo4j (pid:$pid) did not stop within two minutes." >&2
    exit 1
    ;;
status)
    if running; then
        echo "Neo4j is running at pid $pid"
    else
        echo "Neo4j is not running."
        exit 3
    fi
    ;;
*)
    echo "usage: neo4j start | console | stop | status" >&2
    exit 64
    ;;
esac
