# Redis 7 with the official image's user id, data directory and entrypoint.
groupadd -r -g 999 redis
useradd -r -u 999 -g redis -d /data redis
apt-get update -qq
apt-get install -qq -y --no-install-recommends redis-server
rm -rf /etc/redis /var/lib/redis
install -d -o redis -g redis /data
install -m 0755 /tmp/recipe/docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
