# What a deployment must say, and what it may. All else keeps the defaults of the templates: pass it by
# census_parameters, athena_parameters, audit_role_parameters and standard_key_parameters.
variable "organization_id" {
  description = "The organization, o-..."
  type        = string

  validation {
    condition     = can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "An organization's id looks like o-a1b2c3d4e5."
  }
}

variable "organizational_unit_ids" {
  description = "The units, or the root, whose accounts get the audit role"
  type        = list(string)
}

variable "image_tag" {
  description = "The image's tag in the stack's repository"
  type        = string
}

variable "subnet_ids" {
  description = "Subnets with a way to the public endpoints of S3 and KMS in every Region"
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups that allow HTTPS out"
  type        = list(string)
}

variable "region" {
  description = "The Region that the stacks of IAM roles are in: one is enough, for roles are global"
  type        = string
}

variable "first_night" {
  description = "The date of the first night, such as 2026-11-21; Athena looks for no day before it"
  type        = string
}

variable "name_prefix" {
  description = "Begins the names of the stacks, and of what census.yaml makes"
  type        = string
  default     = "atrest"
}

variable "schedule_state" {
  description = "DISABLED until the first run by hand went well"
  type        = string
  default     = "DISABLED"
}

variable "in_management_account" {
  description = "Whether the audit role goes into the management account, too, which StackSets pass over"
  type        = bool
  default     = true
}

variable "census_parameters" {
  description = "More parameters of census.yaml"
  type        = map(string)
  default     = {}
}

variable "athena_parameters" {
  description = "More parameters of athena.yaml"
  type        = map(string)
  default     = {}
}

variable "audit_role_parameters" {
  description = "More parameters of audit-role.yaml, for every account"
  type        = map(string)
  default     = {}
}

variable "standard_key_regions" {
  description = "Regions that get the standard's key in every account; none makes no key"
  type        = list(string)
  default     = []
}

variable "standard_key_parameters" {
  description = "More parameters of standard-key.yaml"
  type        = map(string)
  default     = {}
}

variable "tags" {
  description = "Tags of the stacks, which reach what they make"
  type        = map(string)
  default     = {}
}
