// Pulumi's Kafka plugin over its published parts: the Terraform provider for Kafka behind Pulumi's
// bridge, with the resource and field names that the npm package @pulumi/kafka uses. It serves the
// machines that can't download the plugin itself.
package main

import (
	"github.com/Mongey/terraform-provider-kafka/kafka"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
)

// version is set by the linker.
var version = "0.0.0"

func main() {
	provider := tfbridge.ProviderInfo{
		P:       shim.NewProvider(kafka.Provider()),
		Name:    "kafka",
		Version: version,
		Resources: map[string]*tfbridge.ResourceInfo{
			"kafka_acl": {Fields: map[string]*tfbridge.SchemaInfo{
				"resource_name": {Name: "aclResourceName"},
				"resource_type": {Name: "aclResourceType"},
			}},
		},
	}
	provider.MustComputeTokens(tokens.SingleModule("kafka_", "index", tokens.MakeStandard("kafka")))

	// The schema is only for those who ask for it, such as code generators: `{}` says nothing.
	tfbridge.Main("kafka", version, provider, []byte(`{"name":"kafka"}`))
}
