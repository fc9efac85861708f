# Debian's Python 3.11 with pip, where the official image has it (/usr/local/bin/python) and without the marker
# that forbids `pip install` outside a virtual environment.
apt-get update -qq
apt-get install -qq -y --no-install-recommends python3 python3-pip python3-venv netbase tzdata
rm -f /usr/lib/python3.11/EXTERNALLY-MANAGED
ln -s /usr/bin/python3.11 /usr/local/bin/python3.11
ln -s /usr/bin/python3.11 /usr/local/bin/python3
ln -s /usr/bin/python3.11 /usr/local/bin/python
ln -s /usr/bin/pip3 /usr/local/bin/pip
ln -s /usr/bin/pip3 /usr/local/bin/pip3
