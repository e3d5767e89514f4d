# Deploys the templates beside this folder, as they are: what the templates say is said once.
#
# Run it in the audit account, a delegated administrator of StackSets; the provider alias `management` is a
# caller in the management account. Unverified against AWS: formatted and parsed by the tests, and no more.
data "aws_caller_identity" "audit" {}

locals {
  # The provider wants every parameter of a StackSet named, those with a default too.
  audit_role_parameters = merge({
    AuditAccountId         = data.aws_caller_identity.audit.account_id
    OrganizationId         = var.organization_id
    CensusRoleName         = "atrest-census"
    CensusRolePath         = "/"
    ExternalId             = ""
    TaggedSessions         = "false"
    RoleName               = "atrest-audit"
    RolePath               = "/"
    PermissionsBoundaryArn = ""
    TagKey                 = ""
    TagValue               = ""
  }, var.audit_role_parameters)

  census_parameters = merge({
    OrganizationId   = var.organization_id
    AuditRoleName    = local.audit_role_parameters.RoleName
    AuditRolePath    = local.audit_role_parameters.RolePath
    CensusRoleName   = local.audit_role_parameters.CensusRoleName
    CensusRolePath   = local.audit_role_parameters.CensusRolePath
    ExternalId       = local.audit_role_parameters.ExternalId
    NamePrefix       = var.name_prefix
    ImageTag         = var.image_tag
    SubnetIds        = join(",", var.subnet_ids)
    SecurityGroupIds = join(",", var.security_group_ids)
    ScheduleState    = var.schedule_state
  }, var.census_parameters)

  athena_parameters = merge({
    DatabaseName = aws_cloudformation_stack.census.outputs["DatabaseName"]
    WorkGroup    = aws_cloudformation_stack.census.outputs["WorkGroupName"]
    LakeUri      = aws_cloudformation_stack.census.outputs["LakeUri"]
    FirstNight   = var.first_night
  }, var.athena_parameters)

  standard_key_parameters = merge({
    AliasName            = "alias/standard/s3"
    KeyDescription       = "Encryption at rest by the organization's standard"
    RotationPeriodInDays = "90"
    MultiRegion          = "false"
    PendingWindowInDays  = "30"
    AdministratorArns    = "*"
    UserArns             = "*"
    ViaServices          = "s3.*.amazonaws.com"
  }, var.standard_key_parameters)
}

resource "aws_cloudformation_stack" "census" {
  name          = "${var.name_prefix}-census"
  template_body = file("${path.module}/../census.yaml")
  parameters    = local.census_parameters
  capabilities  = ["CAPABILITY_NAMED_IAM"]
  tags          = var.tags
}

data "aws_s3_bucket" "results" {
  bucket = aws_cloudformation_stack.census.outputs["ResultsBucketName"]
}

# The template is larger than a request may carry. The bucket forgets it after its ResultsDays, and the next
# apply puts it back; the stack does not miss it.
resource "aws_s3_object" "athena" {
  bucket      = data.aws_s3_bucket.results.id
  key         = "templates/athena-${filemd5("${path.module}/../athena.yaml")}.yaml"
  source      = "${path.module}/../athena.yaml"
  source_hash = filemd5("${path.module}/../athena.yaml")
}

resource "aws_cloudformation_stack" "athena" {
  name         = "${var.name_prefix}-athena"
  template_url = "https://${data.aws_s3_bucket.results.bucket_regional_domain_name}/${aws_s3_object.athena.key}"
  parameters   = local.athena_parameters
  tags         = var.tags
}

resource "aws_cloudformation_stack_set" "audit_role" {
  name             = "${var.name_prefix}-audit-role"
  description      = "The audit role of the census in every member account"
  template_body    = file("${path.module}/../audit-role.yaml")
  parameters       = local.audit_role_parameters
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  permission_model = "SERVICE_MANAGED"
  call_as          = "DELEGATED_ADMIN"
  tags             = var.tags

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }

  operation_preferences {
    failure_tolerance_percentage = 10
    max_concurrent_percentage    = 25
    region_concurrency_type      = "PARALLEL"
  }

  lifecycle {
    # AWS fills it in where the permissions are its own.
    ignore_changes = [administration_role_arn]
  }
}

resource "aws_cloudformation_stack_set_instance" "audit_role" {
  stack_set_name            = aws_cloudformation_stack_set.audit_role.name
  stack_set_instance_region = var.region
  call_as                   = "DELEGATED_ADMIN"

  deployment_targets {
    organizational_unit_ids = var.organizational_unit_ids
  }
}

resource "aws_cloudformation_stack" "audit_role_in_management" {
  count    = var.in_management_account ? 1 : 0
  provider = aws.management

  name          = "${var.name_prefix}-audit-role"
  template_body = file("${path.module}/../audit-role.yaml")
  parameters    = local.audit_role_parameters
  capabilities  = ["CAPABILITY_NAMED_IAM"]
  tags          = var.tags
}

resource "aws_cloudformation_stack_set" "standard_key" {
  count = length(var.standard_key_regions) > 0 ? 1 : 0

  name             = "${var.name_prefix}-standard-key"
  description      = "The key that the encryption standard asks for"
  template_body    = file("${path.module}/../standard-key.yaml")
  parameters       = local.standard_key_parameters
  permission_model = "SERVICE_MANAGED"
  call_as          = "DELEGATED_ADMIN"
  tags             = var.tags

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = true
  }

  lifecycle {
    ignore_changes = [administration_role_arn]
  }
}

resource "aws_cloudformation_stack_set_instance" "standard_key" {
  for_each = toset(var.standard_key_regions)

  stack_set_name            = aws_cloudformation_stack_set.standard_key[0].name
  stack_set_instance_region = each.value
  call_as                   = "DELEGATED_ADMIN"

  deployment_targets {
    organizational_unit_ids = var.organizational_unit_ids
  }
}
