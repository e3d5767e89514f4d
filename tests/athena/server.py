"""A Trino server over lakes in a bucket: the engine that Athena is made of, on loopback.

Its Hive connector reads S3 through its own client, and here that is moto, another emulator than our
simulator. The metastore is files in the same bucket. Every part is stopped with the process.
"""

import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import boto3
import trino

BUCKET = "lakes"
CATALOG = "lake"
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}

CONFIG = """\
node.environment=test
node.internal-address=127.0.0.1
node.bind-ip=127.0.0.1
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
plugin.dir={plugins}
catalog.config-dir={catalogs}
query.max-memory=1GB
query.max-memory-per-node=1GB
"""

# Without Hadoop's file system: the bucket is read by Trino's own S3 client, as on Athena.
LAKE = """\
connector.name=hive
hive.metastore=file
hive.metastore.catalog.dir=s3://{bucket}/metastore
hive.metastore.disable-location-checks=true
hive.partition-projection-enabled=true
hive.parquet.time-zone=UTC
hive.split-loader-concurrency=4
hive.file-status-cache-tables=*
hive.file-status-cache-expire-time=1h
fs.hadoop.enabled=false
fs.native-s3.enabled=true
s3.endpoint={endpoint}
s3.region=us-east-1
s3.path-style-access=true
s3.aws-access-key=testing
s3.aws-secret-key=testing
"""

# What Trino says when it takes queries.
STARTED = "SERVER STARTED"
START_SECONDS = 300


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bucket:
    """moto with one bucket."""

    def __init__(self, moto_server: Path):
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        command = [moto_server, "-H", "127.0.0.1", "-p", str(port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait()
        self.client = boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1", **KEYS)
        self.client.create_bucket(Bucket=BUCKET)

    def wait(self) -> None:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.endpoint}/moto-api/", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("moto does not answer")

    def upload(self, folder: Path, prefix: str) -> str:
        """Puts a lake's tables into the bucket, and gives its URI."""
        for file in sorted(folder.rglob("*.parquet")):
            self.client.upload_file(str(file), BUCKET, f"{prefix}/{file.relative_to(folder).as_posix()}")
        return f"s3://{BUCKET}/{prefix}"

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Trino:
    """A server with one catalog."""

    def __init__(self, home: Path, version: str, work: Path, bucket: Bucket):
        shutil.rmtree(work, ignore_errors=True)
        catalogs = work / "catalogs"
        catalogs.mkdir(parents=True)
        self.port = free_port()
        config = work / "config.properties"
        config.write_text(CONFIG.format(port=self.port, plugins=home / "plugins", catalogs=catalogs))
        (catalogs / f"{CATALOG}.properties").write_text(LAKE.format(bucket=BUCKET, endpoint=bucket.endpoint))
        command = ["java", "-Xmx3G", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Duser.timezone=UTC"]
        # As Trino's own jvm.config: each query is compiled, and the first tier alone would reserve 48 MB.
        command.append("-XX:ReservedCodeCacheSize=512M")
        command += [f"-Dconfig={config}", "-cp", f"{home}:{home / 'server'}/*", "Server", version]
        self.log = work / "server.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=work)
        self.wait()
        self.use("default")

    def wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if STARTED in self.log.read_text(errors="replace"):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.5)
        self.stop()
        raise SystemExit("Trino did not start:\n" + "\n".join(self.log.read_text(errors="replace").splitlines()[-20:]))

    def use(self, schema: str) -> None:
        """What follows is asked of that schema."""
        self.connection = trino.dbapi.connect(
            host="127.0.0.1", port=self.port, user="analyst", catalog=CATALOG, schema=schema, timezone="UTC"
        )

    def rows(self, sql: str) -> list[tuple]:
        """The rows of a statement."""
        cursor = self.connection.cursor()
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
