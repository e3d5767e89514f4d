"""Starts or stops moto's recorder: `record_moto.py ENDPOINT start|stop`.

The recording goes to the file that MOTO_RECORDER_FILEPATH names to the server.
"""

import sys
import urllib.request


def main() -> None:
    endpoint, verb = sys.argv[1:]
    url = f"{endpoint}/moto-api/recorder/{verb}-recording"
    urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=30).read()


if __name__ == "__main__":
    main()
