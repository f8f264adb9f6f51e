// Package manifests reads the manifests in deploy/ with the types of the
// systems that take them. It is a module of its own, so that nobody who builds
// the gateway needs those types.
package manifests

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/yaml"
	strict "sigs.k8s.io/yaml"
)

// TestKubernetes: every field of the manifest is one of the API's, of its type,
// and the selectors choose the pods.
func TestKubernetes(t *testing.T) {
	file, err := os.Open("../../deploy/kubernetes/ccload.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var (
		deployment appsv1.Deployment
		budget     policyv1.PodDisruptionBudget
		service    corev1.Service
	)
	types := map[string]any{
		"v1/Namespace": new(corev1.Namespace), "v1/ConfigMap": new(corev1.ConfigMap), "v1/Service": &service,
		"apps/v1/Deployment": &deployment, "policy/v1/PodDisruptionBudget": &budget,
	}
	var seen []string
	documents := yaml.NewDocumentDecoder(file)
	buffer := make([]byte, 1<<20)
	for {
		n, err := documents.Read(buffer)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text := bytes.Clone(buffer[:n])
		var kind metav1.TypeMeta
		if err := strict.Unmarshal(text, &kind); err != nil {
			t.Fatal(err)
		}
		name := kind.APIVersion + "/" + kind.Kind
		into, ok := types[name]
		if !ok {
			t.Errorf("%s is not looked at: add it here", name)
			continue
		}
		if err := strict.UnmarshalStrict(text, into); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		seen = append(seen, name)
	}
	for name := range types {
		if !slices.Contains(seen, name) {
			t.Errorf("there is no %s", name)
		}
	}
	pods := labels.Set(deployment.Spec.Template.Labels)
	for name, selector := range map[string]*metav1.LabelSelector{"Deployment": deployment.Spec.Selector, "PodDisruptionBudget": budget.Spec.Selector} {
		chosen, err := metav1.LabelSelectorAsSelector(selector)
		if err != nil || chosen.Empty() || !chosen.Matches(pods) {
			t.Errorf("the %s does not choose the pods (%v)", name, err)
		}
	}
	if chosen := labels.SelectorFromSet(service.Spec.Selector); chosen.Empty() || !chosen.Matches(pods) {
		t.Error("the Service does not choose the pods")
	}
	box := deployment.Spec.Template.Spec.Containers[0]
	for name, probe := range map[string]*corev1.Probe{"startup": box.StartupProbe, "readiness": box.ReadinessProbe, "liveness": box.LivenessProbe} {
		if probe == nil || probe.HTTPGet == nil && probe.Exec == nil {
			t.Errorf("there is no %s probe", name)
		}
	}
}

// TestCompose: the loader of docker compose takes the files, and wants the
// variables without which the gateway would start open or not at all.
func TestCompose(t *testing.T) {
	for _, test := range []struct {
		file     string
		needed   []string
		services []string
	}{
		{"compose.yaml", []string{"CCLOAD_PASS"}, []string{"gateway"}},
		{"compose.cluster.yaml", []string{"CCLOAD_PASS", "CCLOAD_DB_PASS", "CCLOAD_ENCRYPTION_KEY"}, []string{"balancer", "database", "gateway-1", "gateway-2"}},
	} {
		t.Run(test.file, func(t *testing.T) {
			load := func(env []string) (names []string, err error) {
				options, err := cli.NewProjectOptions([]string{filepath.Join("../../deploy/compose", test.file)}, cli.WithEnv(env))
				if err != nil {
					return nil, err
				}
				project, err := options.LoadProject(context.Background())
				if err != nil {
					return nil, err
				}
				for name := range project.Services {
					names = append(names, name)
				}
				slices.Sort(names)
				return names, nil
			}
			var all []string
			for _, name := range test.needed {
				all = append(all, name+"=a value that is long enough")
			}
			if names, err := load(all); err != nil || !slices.Equal(names, test.services) {
				t.Errorf("services %q, error %v", names, err)
			}
			for i := range all {
				if _, err := load(slices.Delete(slices.Clone(all), i, i+1)); err == nil {
					t.Errorf("it is taken without %s", test.needed[i])
				}
			}
		})
	}
}
