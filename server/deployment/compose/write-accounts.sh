#!/bin/sh
# Writes the accounts of Doorward and of all integrations, whole or not at all.
set -eu
umask 022
chmod 755 /data
doorward integration nats-config > /data/accounts.conf.new
mv /data/accounts.conf.new /data/accounts.conf
