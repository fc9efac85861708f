"""Answers HTTP with the version it runs as; ends at once on SIGTERM, whoever is connected."""

import os
import socketserver
import sys
import time
from http.server import BaseHTTPRequestHandler


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/slow":
            time.sleep(1)
        body = os.environ["ANSWER"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024


if os.environ["ANSWER"] == "broken":
    print("no such table: users", flush=True)
    sys.exit(3)
Server(("0.0.0.0", 8000), Handler).serve_forever()
