"""A CloudFormation template with its intrinsic functions resolved, as far as the templates here use them.

`template.py FILE` prints a template as JSON: parameters with their values, resources and outputs with every
reference replaced, what a false condition leaves out gone. Identifiers that AWS would invent are made from the
logical names, so that two readings agree; `Keys` says which key got which.
"""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path

import yaml

# Who deploys, and where. The account is the second one of the simulator's organizations.
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::AccountId": "100000000002",
    "AWS::Region": "eu-west-1",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "atrest",
}

# What has no default.
GIVEN = {
    "AuditAccountId": PSEUDO["AWS::AccountId"],
    "OrganizationId": "o-a1b2c3d4e5",
    "ImageTag": "0.1.0",
    "LakeUri": "s3://atrest-lake-100000000002-eu-west-1/census",
    "SubnetIds": "subnet-0a1b2c3d4e5f60718",
    "SecurityGroupIds": "sg-0a1b2c3d4e5f60718",
}

NO_VALUE = object()


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, which become the long ones."""


def _short_form(loader: Loader, suffix: str, node: yaml.Node) -> dict:
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _short_form)


def load(path: Path) -> dict:
    """A template with its functions in long form."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader)


class Resolver:
    """Resolves one template with parameters."""

    def __init__(self, template: dict, given: dict, pseudo: dict = PSEUDO) -> None:
        self.template = template
        self.pseudo = pseudo
        self.parameters = {}
        for name, parameter in template.get("Parameters", {}).items():
            value = given.get(name, parameter.get("Default"))
            if value is None:
                raise ValueError(f"parameter {name} has neither a default nor a value")
            is_list = parameter["Type"].startswith(("List<", "CommaDelimitedList"))
            self.parameters[name] = str(value).split(",") if is_list else str(value)

    def whole(self) -> dict:
        """Parameters, resources, outputs and the ids of keys."""
        resources = {
            name: self.value({**resource, "Properties": resource.get("Properties", {})})
            for name, resource in self.template["Resources"].items()
            if self.holds(resource.get("Condition"))
        }
        outputs = {name: self.value(output) for name, output in self.template.get("Outputs", {}).items()}
        keys = {name: self.key_id(name) for name, it in resources.items() if it["Type"] == "AWS::KMS::Key"}
        parameters = {**self.pseudo, **self.parameters}
        return {"Parameters": parameters, "Resources": resources, "Outputs": outputs, "Keys": keys}

    def holds(self, condition: str | None) -> bool:
        """Whether a condition is true; no condition always is."""
        return condition is None or bool(self.value(self.template["Conditions"][condition]))

    def value(self, node):
        """A value with its functions resolved."""
        if isinstance(node, list):
            return [value for value in map(self.value, node) if value is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, argument), = node.items()
            function = {
                "Ref": self.ref,
                "Fn::Sub": self.sub,
                "Fn::GetAtt": lambda pair: self.attribute(*pair),
                "Fn::If": lambda it: self.value(it[1] if self.holds(it[0]) else it[2]),
                "Fn::Join": lambda it: it[0].join(self.value(it[1])),
                "Fn::Split": lambda it: self.value(it[1]).split(it[0]),
                "Fn::Equals": lambda it: self.value(it[0]) == self.value(it[1]),
                "Fn::Base64": lambda it: base64.b64encode(self.value(it).encode()).decode(),
                "Fn::Not": lambda it: not self.value(it[0]),
            }.get(name)
            if function:
                return function(argument)
            if name.startswith("Fn::"):
                raise ValueError(f"{name} is not known here")
        values = {name: self.value(value) for name, value in node.items()}
        return {name: value for name, value in values.items() if value is not NO_VALUE}

    def ref(self, name: str):
        """What `Ref` gives: a parameter, or a resource's name or id."""
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        resource = self.template["Resources"][name]
        properties = resource.get("Properties", {})
        named = {
            "AWS::S3::Bucket": "BucketName",
            "AWS::IAM::Role": "RoleName",
            "AWS::ECR::Repository": "RepositoryName",
            "AWS::Logs::LogGroup": "LogGroupName",
            "AWS::Athena::WorkGroup": "Name",
            "AWS::KMS::Alias": "AliasName",
        }.get(resource["Type"])
        if resource["Type"] == "AWS::KMS::Key":
            return self.key_id(name)
        if resource["Type"] == "AWS::Glue::Database":
            return self.value(properties["DatabaseInput"]["Name"])
        if named in properties:
            return self.value(properties[named])
        return self.arn(name)

    def attribute(self, name: str, attribute: str) -> str:
        """What `GetAtt` gives."""
        kind = self.template["Resources"][name]["Type"]
        if (kind, attribute) == ("AWS::KMS::Key", "Arn"):
            return self.sub("arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/") + self.key_id(name)
        if attribute == "Arn" or attribute.endswith("Arn"):
            return self.arn(name)
        return f"{name}.{attribute}"

    def sub(self, text: str) -> str:
        """`Sub` without a map of its own."""

        def one(match: re.Match) -> str:
            name, _, attribute = match[1].partition(".")
            return self.attribute(name, attribute) if attribute else self.ref(name)

        return re.sub(r"\$\{([^!}][^}]*)\}", one, text).replace("${!", "${")

    def arn(self, name: str) -> str:
        """An ARN for what has no name that is known before it is made."""
        service = self.template["Resources"][name]["Type"].split("::")[1].lower()
        return self.sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{name}")

    def key_id(self, name: str) -> str:
        """A UUID made from a logical name."""
        digest = hashlib.sha256(name.encode()).hexdigest()
        return "-".join((digest[:8], digest[8:12], "4" + digest[13:16], "8" + digest[17:20], digest[20:32]))


def resolved(path: Path, given: dict = GIVEN) -> dict:
    """A template with everything resolved."""
    return Resolver(load(path), given).whole()


if __name__ == "__main__":
    more = dict(word.split("=", 1) for word in sys.argv[2:])
    json.dump(resolved(Path(sys.argv[1]), GIVEN | more), sys.stdout)
