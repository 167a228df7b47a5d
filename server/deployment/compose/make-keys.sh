#!/bin/sh
# Makes what is not there yet, and changes nothing that is.
set -eu
umask 077
if [ ! -s /password/password ]; then
  python -c 'import secrets; print(secrets.token_urlsafe(32), end="")' > /password/password.new
  mv /password/password.new /password/password
fi
printf 'postgresql://doorward:%s@postgres:5432/doorward' "$(cat /password/password)" > /data/url
[ -e /keys/reader.nk ] || doorward keys init /keys
chown -R 10001:10001 /data /keys
chmod 700 /data /keys
