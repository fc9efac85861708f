# nginx with the official image's document root and log links.
apt-get update -qq
apt-get install -qq -y --no-install-recommends nginx-light
rm -f /etc/nginx/sites-enabled/default
cp /tmp/recipe/default.conf /etc/nginx/conf.d/default.conf
mkdir -p /usr/share/nginx/html
echo '<h1>Welcome to nginx!</h1>' >/usr/share/nginx/html/index.html
ln -sf /dev/stdout /var/log/nginx/access.log
ln -sf /dev/stderr /var/log/nginx/error.log
useradd -r -M -s /usr/sbin/nologin nginx
