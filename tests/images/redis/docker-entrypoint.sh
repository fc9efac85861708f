#!/bin/sh
# Starts Redis as the user redis; flags alone are given to redis-server.
set -e
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
    set -- redis-server "$@"
fi
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
    find . \! -user redis -exec chown redis '{}' +
    exec setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
fi
if [ "$1" = redis-server ]; then
    # Reachable from other containers, as the official image is.
    shift
    set -- redis-server --protected-mode no "$@"
fi
exec "$@"
