// Checks Kubernetes manifests as strictly as an API server's field validation does, without one, and without its address: reads
// YAML documents on standard input, decodes each into the Go type of its kind, refusing fields that the type does not have and
// fields that stand twice, and looks at names and labels. Prints the documents as one JSON array, or says on standard error what
// is wrong and exits with 1.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/yaml"
	strictyaml "sigs.k8s.io/yaml"
)

// A new object of a kind, or nil of one that is not known here.
func newObject(kind meta.TypeMeta) meta.Object {
	switch kind.APIVersion + " " + kind.Kind {
	case "apps/v1 StatefulSet":
		return &apps.StatefulSet{}
	case "v1 ConfigMap":
		return &core.ConfigMap{}
	case "v1 Pod":
		return &core.Pod{}
	case "v1 Secret":
		return &core.Secret{}
	case "v1 Service":
		return &core.Service{}
	case "v1 ServiceAccount":
		return &core.ServiceAccount{}
	case "networking.k8s.io/v1 NetworkPolicy":
		return &networking.NetworkPolicy{}
	case "policy/v1 PodDisruptionBudget":
		return &policy.PodDisruptionBudget{}
	case "monitoring.coreos.com/v1 ServiceMonitor":
		return &monitoring.ServiceMonitor{}
	case "monitoring.coreos.com/v1 PrometheusRule":
		return &monitoring.PrometheusRule{}
	case "cert-manager.io/v1 Certificate":
		return &certmanager.Certificate{}
	}
	return nil
}

func checkNames(object meta.Object) error {
	for _, problem := range validation.IsDNS1123Subdomain(object.GetName()) {
		return fmt.Errorf("metadata.name: %s", problem)
	}
	path := field.NewPath("metadata")
	problems := metavalidation.ValidateLabels(object.GetLabels(), path.Child("labels"))
	if set, is := object.(*apps.StatefulSet); is {
		template := set.Spec.Template.Labels
		problems = append(problems, metavalidation.ValidateLabels(template, field.NewPath("spec", "template", "metadata", "labels"))...)
		selector, err := meta.LabelSelectorAsSelector(set.Spec.Selector)
		if err != nil {
			return err
		}
		if selector.Empty() || !selector.Matches(labels.Set(template)) {
			return errors.New("spec.selector: does not match the template's labels")
		}
	}
	return problems.ToAggregate()
}


// The document as JSON, or nil when there is nothing in it.
func check(document []byte) (json.RawMessage, error) {
	text, err := strictyaml.YAMLToJSONStrict(document)
	if err != nil {
		return nil, err
	}
	if string(text) == "null" {
		return nil, nil
	}
	var kind meta.TypeMeta
	if err := json.Unmarshal(text, &kind); err != nil {
		return nil, err
	}
	object := newObject(kind)
	if object == nil {
		return nil, fmt.Errorf("no kind that is known here: %q %q", kind.APIVersion, kind.Kind)
	}
	if err := strictyaml.UnmarshalStrict(document, object); err != nil {
		return nil, fmt.Errorf("%s: %w", kind.Kind, err)
	}
	if err := checkNames(object); err != nil {
		return nil, fmt.Errorf("%s %s: %w", kind.Kind, object.GetName(), err)
	}
	return text, nil
}

func run() error {
	documents := []json.RawMessage{}
	reader := yaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		checked, err := check(document)
		if err != nil {
			return fmt.Errorf("%w, in:\n%s", err, document)
		}
		if checked != nil {
			documents = append(documents, checked)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(documents)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
