"""The resolver of templates does as CloudFormation does, for what the templates here use."""

import unittest

from template import Resolver

TEMPLATE = {
    "Parameters": {
        "Name": {"Type": "String", "Default": "a-b"},
        "Extra": {"Type": "String", "Default": ""},
        "Ids": {"Type": "List<AWS::EC2::Subnet::Id>"},
    },
    "Conditions": {"HasExtra": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Extra"}, ""]}]}},
    "Resources": {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": {"Fn::Sub": "${Name}-${AWS::AccountId}"},
                "Extra": {"Fn::If": ["HasExtra", {"Ref": "Extra"}, {"Ref": "AWS::NoValue"}]},
                "List": ["x", {"Fn::If": ["HasExtra", {"Ref": "Extra"}, {"Ref": "AWS::NoValue"}]}],
                "Ids": {"Ref": "Ids"},
                "Joined": {"Fn::Join": ["_", {"Fn::Split": ["-", {"Ref": "Name"}]}]},
                "Encoded": {"Fn::Base64": {"Fn::Sub": "<${Name}>"}},
            },
        },
        "Key": {"Type": "AWS::KMS::Key"},
        "OnlyWithExtra": {"Type": "AWS::SNS::Topic", "Condition": "HasExtra"},
    },
    "Outputs": {"Of": {"Value": {"Fn::Sub": "s3://${Bucket}/${Key.Arn}"}}},
}


class TestResolver(unittest.TestCase):
    """Functions, conditions, and what has no value."""

    def test_defaults(self) -> None:
        whole = Resolver(TEMPLATE, {"Ids": "s-1,s-2"}, {"AWS::AccountId": "1", "AWS::Partition": "p", "AWS::Region": "r"}).whole()
        self.assertEqual(
            whole["Resources"]["Bucket"]["Properties"],
            {"BucketName": "a-b-1", "List": ["x"], "Ids": ["s-1", "s-2"], "Joined": "a_b", "Encoded": "PGEtYj4="},
        )
        self.assertEqual(set(whole["Resources"]), {"Bucket", "Key"})
        self.assertEqual(whole["Outputs"]["Of"]["Value"], f"s3://a-b-1/arn:p:kms:r:1:key/{whole['Keys']['Key']}")

    def test_given(self) -> None:
        whole = Resolver(TEMPLATE, {"Ids": "s-1", "Extra": "more"}).whole()
        self.assertEqual(whole["Resources"]["Bucket"]["Properties"]["Extra"], "more")
        self.assertEqual(whole["Resources"]["Bucket"]["Properties"]["List"], ["x", "more"])
        self.assertIn("OnlyWithExtra", whole["Resources"])

    def test_a_value_that_is_not_given(self) -> None:
        with self.assertRaisesRegex(ValueError, "parameter Ids"):
            Resolver(TEMPLATE, {})

    def test_a_function_that_is_not_known(self) -> None:
        template = {"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"N": {"Fn::Cidr": "x"}}}}}
        with self.assertRaisesRegex(ValueError, "Fn::Cidr"):
            Resolver(template, {}).whole()


if __name__ == "__main__":
    unittest.main()
