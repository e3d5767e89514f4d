"""Serves moto on a loopback port until its standard input ends.

The port is the system's choice and the first line says it (`READY http://127.0.0.1:PORT`), so that
tests in parallel never race for one. The server ends with the pipe to the process that started it,
however that process ends: nothing is left behind by a test that was killed.
"""

import logging
import sys

from moto.server import ThreadedMotoServer


def main() -> None:
    # One line a request would fill the pipe that nobody reads.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"READY http://{host}:{port}", flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
