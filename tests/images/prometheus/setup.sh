# Prometheus where the official image has it: /bin/prometheus, /etc/prometheus, /prometheus, user nobody.
apt-get update -qq
apt-get install -qq -y --no-install-recommends prometheus
ln -s /usr/bin/prometheus /bin/prometheus 2>/dev/null || true
install -d -o nobody -g nogroup /prometheus
