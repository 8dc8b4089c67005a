#!/bin/sh
# Writes the user of the environment into the definitions, then starts RabbitMQ, which reads them each time it starts.
set -eu

secret() { # NAME or, as for everything secret here, NAME_FILE
    eval "value=\${$1:-} file=\${$1_FILE:-}"
    if [ -z "$value" ] && [ -n "$file" ]; then value=$(cat "$file"); fi
    if [ -z "$value" ]; then
        echo "$1 is not set: there is no default" >&2
        exit 1
    fi
    printf '%s' "$value"
}

as_json() { # what JSON keeps for itself, then what sed keeps for itself
    printf '%s' "$1" | sed -e 's/[\\"]/\\&/g' -e 's/[\\&|]/\\&/g'
}

user=$(secret RABBITMQ_DEFAULT_USER)
password=$(secret RABBITMQ_DEFAULT_PASS)
vhost=${RABBITMQ_DEFAULT_VHOST:-almanac}
if [ "$user" = guest ] || [ "$password" = guest ]; then
    echo "guest is what everybody tries first: choose another RABBITMQ_DEFAULT_USER and RABBITMQ_DEFAULT_PASS" >&2
    exit 1
fi

from=${ALMANAC_DEFINITIONS:-/etc/rabbitmq/almanac-definitions.json}
to=${ALMANAC_DEFINITIONS_FOR:-/etc/rabbitmq/definitions.json}
umask 077
sed -e "s|@VHOST@|$(as_json "$vhost")|g" -e "s|@USER@|$(as_json "$user")|g" -e "s|@PASSWORD@|$(as_json "$password")|g" \
    "$from" >"$to"
if [ "$(id -u)" = 0 ] && id rabbitmq >/dev/null 2>&1; then chown rabbitmq "$to"; fi

unset RABBITMQ_DEFAULT_USER RABBITMQ_DEFAULT_PASS RABBITMQ_DEFAULT_VHOST
exec "${ALMANAC_RABBITMQ:-docker-entrypoint.sh}" "$@"
