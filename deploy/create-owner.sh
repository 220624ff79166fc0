#!/bin/sh
# Runs once, when the database is first made: the owner of the tables, who may make the application's role and no more.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$OWNER_PASSWORD" --username postgres <<'SQL'
CREATE ROLE switchboard_owner LOGIN NOSUPERUSER NOBYPASSRLS CREATEROLE PASSWORD :'password';
CREATE DATABASE switchboard OWNER switchboard_owner;
SQL
