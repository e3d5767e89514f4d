# The provider that the module is written for. Nothing here was run against AWS.
terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source                = "hashicorp/aws"
      version               = ">= 5.0"
      configuration_aliases = [aws.management]
    }
  }
}
