"""Deploys every template into moto, and holds what is there against what the template says.

`deploy_templates.py ENDPOINT` takes moto for what it does independently: it parses the template, resolves its
functions, orders its resources and makes them. What it cannot make is named in GAPS with the reason, is taken
out before the template is deployed, and is tried alone afterwards: a gap that moto has closed fails, so that
the list shrinks, and so does a resource that is missing without being named.
"""

import json
import re
import sys
from pathlib import Path

import boto3
import yaml
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from template import GIVEN, PSEUDO, Resolver, load

DEPLOY = Path(__file__).parents[2] / "deploy"

# moto's own account is another.
MOTO = {**PSEUDO, "AWS::AccountId": "123456789012"}

# What moto 5.2.5 does not make from a template, and why.
GAPS = {
    "AWS::Athena::NamedQuery": "its CloudFormation has no such type; athena_template.py makes them by Athena's API",
    "AWS::Athena::WorkGroup": "its CloudFormation has no such type",
    "AWS::Batch::ComputeEnvironment": "asks for a ServiceRole, which AWS makes by itself",
    "AWS::Batch::JobDefinition": "knows ContainerProperties alone, and not EcsProperties",
    "AWS::Batch::JobQueue": "looks its compute environment up, which is a gap",
    "AWS::CloudWatch::Alarm": "its CloudFormation has no such type",
    "AWS::Glue::Database": "its CloudFormation has no such type",
    "AWS::Glue::Table": "its CloudFormation has no such type; athena_template.py makes them by Glue's API",
    "AWS::Logs::MetricFilter": "its CloudFormation has no such type",
    "AWS::S3::BucketPolicy": "its CloudFormation has no such type",
    "AWS::SNS::Subscription": "its CloudFormation has no such type",
    "AWS::SNS::TopicPolicy": "its CloudFormation has no such type",
    "AWS::Scheduler::Schedule": "its CloudFormation has no such type",
}


class Failed(Exception):
    """A template that did not deploy as it says."""


def client(endpoint: str, service: str):
    """A boto3 client that asks once: moto's crash is no fault that passes."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=PSEUDO["AWS::Region"],
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}),
    )


def network(endpoint: str) -> dict[str, str]:
    """A subnet and a security group, which moto looks up."""
    ec2 = client(endpoint, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="census", Description="census", VpcId=vpc)["GroupId"]
    return {"SubnetIds": subnet, "SecurityGroupIds": group}


def without(template: dict, gaps: set[str], resolver: Resolver) -> dict:
    """The template without some resources; a reference to one of them becomes the value that it stands for."""

    def literal(match: re.Match) -> str:
        name = match[1].split(".")[0]
        return resolver.sub(match[0]) if name in gaps else match[0]

    def walk(node):
        if isinstance(node, list):
            return [walk(value) for value in node]
        if not isinstance(node, dict):
            return node
        if node.get("Ref") in gaps or (node.get("Fn::GetAtt") or [None])[0] in gaps:
            return resolver.value(node)
        if "Fn::Sub" in node:
            return {"Fn::Sub": re.sub(r"\$\{([^!}][^}]*)\}", literal, node["Fn::Sub"])}
        return {name: walk(value) for name, value in node.items()}

    kept = {name: walk(resource) for name, resource in template["Resources"].items() if name not in gaps}
    return {**template, "Resources": kept, "Outputs": walk(template.get("Outputs", {}))}


def deploy(cloudformation, name: str, template: dict, given: dict[str, str]) -> set[str]:
    """Makes a stack; gives the logical names of what is there."""
    wanted = [key for key in template.get("Parameters", {}) if key in given]
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": key, "ParameterValue": given[key]} for key in wanted],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    if status != "CREATE_COMPLETE":
        raise Failed(f"{name} is {status}")
    made = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
    return {resource["LogicalResourceId"] for resource in made}


def whole(endpoint: str, path: Path, given: dict[str, str]) -> None:
    """Deploys one template without its gaps, and tries these alone."""
    template = load(path)
    resolver = Resolver(template, given, MOTO)
    resolved = resolver.whole()["Resources"]
    gaps = {name for name, resource in resolved.items() if resource["Type"] in GAPS}
    cloudformation = client(endpoint, "cloudformation")
    made = deploy(cloudformation, path.stem, without(template, gaps, resolver), given)
    missing = sorted(f"{name} ({resolved[name]['Type']})" for name in set(resolved) - gaps - made)
    if missing:
        raise Failed(f"{path.name}: moto made no {', '.join(missing)}: name the gap in GAPS, with the reason")
    for name in sorted(gaps):
        if is_made(cloudformation, name, resolved[name]):
            raise Failed(f"{path.name}: moto makes {name} now: take {resolved[name]['Type']} out of GAPS")
    print(f"{path.name}: {len(made)} resources, {len(gaps)} gaps")


def live(endpoint: str, path: Path, given: dict[str, str]) -> None:
    """Holds what other services say of the stack against the template: moto's reading, not ours."""
    resources = Resolver(load(path), given, MOTO).whole()["Resources"]
    for name, resource in sorted(resources.items()):
        ask = LIVE.get(resource["Type"])
        for said, meant in ask(endpoint, resource["Properties"]) if ask else []:
            if said != meant:
                raise Failed(f"{path.name}: {name}: moto says {said}, the template {meant}")


def live_role(endpoint: str, role: dict) -> list[tuple]:
    """Who may take a role on, and the policies that it has; one without a name cannot be found again."""
    iam, name = client(endpoint, "iam"), role.get("RoleName")
    if not name:
        return []
    there = iam.get_role(RoleName=name)["Role"]
    trust = there["AssumeRolePolicyDocument"]
    # moto keeps a hole in a list where CloudFormation leaves `AWS::NoValue` out.
    trust["Statement"] = [statement for statement in trust["Statement"] if statement is not None]
    pairs = [(trust, role["AssumeRolePolicyDocument"]), (there["Path"], role["Path"])]
    for policy in role["Policies"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy["PolicyName"])["PolicyDocument"]
        # moto gives the text of a Python dict here, where AWS gives JSON: YAML reads both.
        document = yaml.safe_load(document) if isinstance(document, str) else document
        said = [(it["Sid"], it["Action"]) for it in document["Statement"]]
        pairs.append((said, [(it["Sid"], it["Action"]) for it in policy["PolicyDocument"]["Statement"]]))
    return pairs


def live_bucket(endpoint: str, bucket: dict) -> list[tuple]:
    """How a bucket encrypts; moto loses the Bucket Key, versions and the public access block."""
    s3, name = client(endpoint, "s3"), bucket["BucketName"]
    said = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    meant = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    default = said["ApplyServerSideEncryptionByDefault"]
    # Not by DescribeKey: moto 5.2.5 crashes there on a key whose policy came with a template.
    keys = [it["KeyArn"] for it in client(endpoint, "kms").list_keys()["Keys"]]
    return [
        (default["SSEAlgorithm"], meant["ServerSideEncryptionByDefault"]["SSEAlgorithm"]),
        (default["KMSMasterKeyID"] in keys, True),
    ]


def live_repository(endpoint: str, repository: dict) -> list[tuple]:
    """Whether tags can be moved; moto loses the scan on push."""
    name = repository["RepositoryName"]
    said = client(endpoint, "ecr").describe_repositories(repositoryNames=[name])["repositories"][0]
    return [(said["imageTagMutability"], repository["ImageTagMutability"])]


def live_rule(endpoint: str, rule: dict) -> list[tuple]:
    """What a rule waits for."""
    said = json.loads(client(endpoint, "events").describe_rule(Name=rule["Name"])["EventPattern"])
    meant = rule["EventPattern"]
    return [(said["detail-type"], meant["detail-type"]), (said["detail"]["status"], meant["detail"]["status"])]


def live_log(endpoint: str, group: dict) -> list[tuple]:
    """How long a log is kept."""
    logs = client(endpoint, "logs").describe_log_groups(logGroupNamePrefix=group["LogGroupName"])
    return [(str(logs["logGroups"][0]["retentionInDays"]), group["RetentionInDays"])]


LIVE = {
    "AWS::ECR::Repository": live_repository,
    "AWS::Events::Rule": live_rule,
    "AWS::IAM::Role": live_role,
    "AWS::Logs::LogGroup": live_log,
    "AWS::S3::Bucket": live_bucket,
}


def is_made(cloudformation, name: str, resource: dict) -> bool:
    """Whether moto makes one resource, given all that it refers to as plain values."""
    alone = {"Type": resource["Type"], "Properties": resource["Properties"]}
    try:
        return name in deploy(cloudformation, f"gap-{name}", {"Resources": {name: alone}}, {})
    except (BotoCoreError, ClientError, Failed, ResponseParserError):
        return False


def main() -> None:
    endpoint = sys.argv[1]
    given = {**GIVEN, **network(endpoint)}
    for path in sorted(DEPLOY.glob("*.yaml")):
        whole(endpoint, path, given)
        live(endpoint, path, given)


if __name__ == "__main__":
    main()
