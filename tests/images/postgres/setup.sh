# PostgreSQL 15 with the official image's user id, paths and entrypoint variables.
groupadd -r -g 999 postgres
useradd -r -u 999 -g postgres -d /var/lib/postgresql -s /bin/bash postgres
mkdir -p /etc/postgresql-common
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
apt-get update -qq
apt-get install -qq -y --no-install-recommends postgresql-15 locales
sed -i 's/^# *en_US.UTF-8 UTF-8/en_US.UTF-8 UTF-8/' /etc/locale.gen
locale-gen
install -d -o 999 -g 999 -m 1777 /var/lib/postgresql/data
install -d -o 999 -g 999 -m 3777 /var/run/postgresql
install -d /docker-entrypoint-initdb.d
sed -i "s/^#\(listen_addresses\).*/\1 = '*'/" /usr/share/postgresql/15/postgresql.conf.sample
install -m 0755 /tmp/recipe/docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
