#!/bin/sh
# Once, in an empty PostgreSQL: the roles and the database that `studium migrate` expects.
# POSTGRES_USER comes from the image, the rest from deploy/compose.yaml.
set -eu

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv owner STUDIUM_OWNER_PASSWORD
\getenv app STUDIUM_APP_PASSWORD
\getenv system STUDIUM_SYSTEM_PASSWORD
\getenv database STUDIUM_DATABASE
CREATE ROLE studium_owner LOGIN PASSWORD :'owner';
CREATE ROLE studium_app LOGIN NOBYPASSRLS PASSWORD :'app';
CREATE ROLE studium_system LOGIN BYPASSRLS PASSWORD :'system';
CREATE DATABASE :"database" OWNER studium_owner;
SQL

if [ "$STUDIUM_DATABASE" = courses ]; then
    psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname courses \
        --command 'CREATE EXTENSION vector'
fi
