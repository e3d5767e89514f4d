"""A lake on S3 as boto3 sees it.

    s3_lake.py ENDPOINT BUCKET create [REGION]
    s3_lake.py ENDPOINT BUCKET download PREFIX FOLDER
    s3_lake.py ENDPOINT BUCKET list PREFIX             prints {key: [ETag, last modified]}
    s3_lake.py ENDPOINT BUCKET delete KEY

Credentials and the Region come from the environment.
"""

import json
import os
import sys
from pathlib import Path

import boto3
from botocore.config import Config


def main() -> None:
    endpoint, bucket, action, *rest = sys.argv[1:]
    s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"}))
    if action == "create":
        region = rest[0] if rest else os.environ["AWS_REGION"]
        where = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != "us-east-1" else {}
        s3.create_bucket(Bucket=bucket, **where)
    elif action == "delete":
        s3.delete_object(Bucket=bucket, Key=rest[0])
    elif action == "list":
        print(json.dumps({o["Key"]: [o["ETag"], str(o["LastModified"])] for o in objects(s3, bucket, rest[0])}))
    elif action == "download":
        prefix, folder = rest[0], Path(rest[1])
        for item in objects(s3, bucket, prefix):
            path = folder / item["Key"].removeprefix(prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
    else:
        raise SystemExit(f"no such action: {action}")


def objects(s3, bucket: str, prefix: str) -> list[dict]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item for page in pages for item in page.get("Contents", [])]


if __name__ == "__main__":
    main()
