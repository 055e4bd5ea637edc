// Package policydoc writes policy documents as the AWS provider's aws_iam_policy_document does, byte for byte, and says
// whether two documents mean the same.
//
// It decides what a document looks like, never what it allows: that is backend/policy. It knows nothing of Terraform, so that
// the data source, the provider's functions and the type of policy arguments share it.
//
// # How a document is written
//
// Members come in the order Version, Id, Statement; a statement's in the order Sid, Effect, Action, NotAction, Resource,
// NotResource, Principal, NotPrincipal, Condition; what is empty is left out. A list of one is its element. Longer lists of
// actions, resources and principals are sorted in descending order; values of conditions stay in the order in which they were
// given. "&{" becomes "${", after the sorting, in everything but actions; in a document of the version 2008-10-17, which has
// no variables, it is an error. <, > and & are written as \u003c, \u003e and \u0026.
//
// Principals of the same type, and conditions of the same operator and key, are put together. Blocks have no order in HCL;
// they come in the order of their hash, which is the one that terraform-plugin-sdk gives the AWS provider (order.go).
//
// Source documents come first, one after the other, and none of their sids may be there twice. The document's own
// statements replace those of the same sid and follow otherwise; override documents do the same after them. The newest
// version and the last id win.
//
// Source: hashicorp/terraform-provider-aws v6, the expectations of its tests of aws_iam_policy_document.
package policydoc
