package dev.monopod.cli.why;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.Machine;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A cluster with one pod, `team/web`, or without it.
final class FakeFacts implements WhyFacts {
    private final Optional<Pod> pod;
    private final List<FargateProfile> profiles = new ArrayList<>();
    private final List<Event> events = new ArrayList<>();
    private Optional<Machine> machine = Optional.empty();

    private FakeFacts(Optional<Pod> pod) {
        this.pod = pod;
    }

    static FakeFacts withoutPod() {
        return new FakeFacts(Optional.empty());
    }

    /// @param fields of the pod, YAML: spec and status, and labels
    static FakeFacts pod(String labels, String spec, String status) {
        return new FakeFacts(
                Optional.of(
                        Serialization.unmarshal(
                                """
                                apiVersion: v1
                                kind: Pod
                                metadata: {name: web, namespace: team, uid: u-1, labels: %s}
                                spec: %s
                                status: %s
                                """
                                        .formatted(labels, spec, status),
                                Pod.class)));
    }

    FakeFacts profile(String status) {
        profiles.add(
                Serialization.unmarshal(
                        """
                        apiVersion: monopod.dev/v1
                        kind: FargateProfile
                        metadata: {name: p}
                        spec: {selectors: [{namespace: team}], subnets: [private-a]}
                        status: %s
                        """
                                .formatted(status),
                        FargateProfile.class));
        return this;
    }

    FakeFacts withMachine(String status) {
        machine =
                Optional.of(
                        Serialization.unmarshal(
                                """
                                apiVersion: monopod.dev/v1
                                kind: Machine
                                metadata: {name: m-u-1}
                                spec: {host: one, pod: {namespace: team, name: web, uid: u-1}, nodeName: n, profile: p}
                                status: %s
                                """
                                        .formatted(status),
                                Machine.class));
        return this;
    }

    FakeFacts event(String reason, String about, String message, String time) {
        events.add(
                new EventBuilder()
                        .withNewMetadata()
                        .withName("e" + events.size())
                        .endMetadata()
                        .withReason(reason)
                        .withNewInvolvedObject()
                        .withName(about)
                        .endInvolvedObject()
                        .withMessage(message)
                        .withLastTimestamp(time)
                        .build());
        return this;
    }

    @Override
    public String namespace() {
        return "team";
    }

    @Override
    public String name() {
        return "web";
    }

    @Override
    public Optional<Pod> pod() {
        return pod;
    }

    @Override
    public List<FargateProfile> profiles() {
        return profiles;
    }

    @Override
    public Optional<Machine> machine(String podUid) {
        return machine.filter(it -> it.getSpec().pod().uid().equals(podUid));
    }

    @Override
    public List<Event> eventsOfNamespace() {
        return events;
    }

    @Override
    public List<Event> events(String podUid) {
        return events;
    }
}
