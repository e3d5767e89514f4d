# What comes next needs these: the image goes to the repository, readers go to the lake.
output "census" {
  description = "The outputs of census.yaml"
  value       = aws_cloudformation_stack.census.outputs
}
