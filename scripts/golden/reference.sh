#!/bin/bash
# A real Rucio to record the golden answers from: installs rucio 41.5.1 by pip below .interop/reference,
# runs it on a PostgreSQL of its own and a fresh database, and prints its address.
#   scripts/golden/reference.sh start|stop        (as root on Debian: apt gives postgresql and memcached)
#   scripts/golden/reference.sh daemon NAME       runs one of its daemons once, such as judge-cleaner
#   scripts/golden/reference.sh processes         the roots of its process trees, NAME=PID each
# Its root account logs in as ddmlab / secret. None of its daemons runs by itself. GOLDEN_POSTGRES are
# more arguments for its PostgreSQL (-c shared_buffers=256MB).
set -euo pipefail
cd "$(dirname "$0")/../.."
home=${GOLDEN_HOME:-$PWD/.interop/reference}
version=41.5.1
port=8455
database_port=5455
cache_port=5456
database="postgresql+psycopg://rucio:rucio@127.0.0.1:$database_port/rucio"
python=$home/venv/bin/python
export RUCIO_HOME=$home RUCIO_CONFIG=$home/etc/rucio.cfg

postgres_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1; }
# Debian's server refuses root, and its own account must reach the directory.
as_postgres() { (cd / && su postgres -c "$*"); }

install() {
  [ -n "$(postgres_bin)" ] && command -v memcached >/dev/null || {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql memcached >/dev/null
  }
  mkdir -p "$home/etc" "$home/log" "$home/data"
  chown postgres "$home/data"
  [ -x "$home/venv/bin/gunicorn" ] || {
    python3 -m venv "$home/venv"
    "$home/venv/bin/pip" install -q "rucio==$version" "psycopg[binary]" gunicorn
  }
  cat >"$RUCIO_CONFIG" <<CFG
[common]
logdir = $home/log
loglevel = ERROR
extract_scope = dirac
mailtemplatedir = $home/venv/rucio/etc/mail_templates
[database]
default = $database
schema = dev
[cache]
url = 127.0.0.1:$cache_port
[bootstrap]
userpass_identity = ddmlab
userpass_pwd = secret
userpass_email = root@reference.example
[alembic]
cfg = $home/etc/alembic.ini
[policy]
permission = generic
schema = generic
[trace]
tracedir = $home/log
brokers = 127.0.0.1
port = 61013
topic = trace
username = trace
password = trace
[api]
endpoints = accountlimits, accounts, archives, auth, config, credentials, dids, dirac, identities, lifetime_exceptions, locks, meta_conventions, ping, replicas, requests, rses, rules, scopes, subscriptions, traces
CFG
  cat >"$home/etc/alembic.ini" <<INI
[alembic]
script_location = $("$python" -c 'import rucio.db.sqla as m, os; print(os.path.dirname(m.__file__))')/migrate_repo
sqlalchemy.url = $database
version_table_schema = dev
[loggers]
keys = root
[handlers]
keys =
[formatters]
keys =
[logger_root]
handlers =
INI
}

start() {
  install
  stop 2>/dev/null
  rm -rf "$home/data/pg"
  as_postgres "$(postgres_bin)/initdb -D $home/data/pg -A trust -E UTF8 --locale=C.UTF-8" >/dev/null
  as_postgres "$(postgres_bin)/pg_ctl -D $home/data/pg -w -l $home/data/log \
    -o '-p $database_port -k $home/data -c listen_addresses=127.0.0.1 ${GOLDEN_POSTGRES:-}' start" >/dev/null
  as_postgres "psql -qh $home/data -p $database_port -c \"create role rucio superuser login\" -c \"create database rucio owner rucio\""
  setsid memcached -u nobody -l 127.0.0.1 -p $cache_port >/dev/null 2>&1 &
  echo $! >"$home/memcached.pid"
  "$python" -c 'from rucio.db.sqla.util import build_database, create_base_vo, create_root_account as root
build_database(); create_base_vo(); root()'
  (cd / && "$home/venv/bin/gunicorn" -D -p "$home/gunicorn.pid" -b "127.0.0.1:$port" -k gthread --threads 4 \
    --error-logfile "$home/log/gunicorn.log" rucio.web.rest.main:application)
  for _ in $(seq 100); do curl -sf "http://127.0.0.1:$port/ping" && break; sleep 0.2; done
  echo " at http://127.0.0.1:$port"
}

stop() {
  for pid in "$home/gunicorn.pid" "$home/memcached.pid"; do
    [ -f "$pid" ] && kill "$(cat "$pid")" && rm -f "$pid"
  done
  [ -d "$home/data/pg" ] && as_postgres "$(postgres_bin)/pg_ctl -D $home/data/pg -m fast stop" >/dev/null || true
  return 0
}

daemon() { exec "$home/venv/bin/rucio-$1" --run-once; }

processes() {
  echo "api=$(cat "$home/gunicorn.pid")"
  echo "postgres=$(head -1 "$home/data/pg/postmaster.pid")"
  echo "memcached=$(cat "$home/memcached.pid")"
}

case "${1:-}" in
  start | stop | processes) "$1" ;;
  daemon) daemon "${2:?a name such as judge-cleaner}" ;;
  *) echo "usage: $0 start|stop|processes|daemon NAME" >&2; exit 2 ;;
esac
