package dev.monopod.controller.crd;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinitionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.SelectableField;
import io.fabric8.kubernetes.api.model.apiextensions.v1.SelectableFieldBuilder;
import java.util.List;

/// What `kubectl get` shows: at most six columns with the name.
final class Columns {
    private static final CustomResourceColumnDefinition AGE =
            column("Age", "date", ".metadata.creationTimestamp", 0);

    private Columns() {}

    static List<CustomResourceColumnDefinition> of(String kind) {
        return switch (kind) {
            case "FargateProfile" ->
                    List.of(
                            column("Status", ".status.phase"),
                            column("Namespaces", ".spec.selectors[*].namespace"),
                            column("Subnets", ".spec.subnets"),
                            AGE,
                            column("Message", "string", ".status.message", 1));
            case "Vpc" ->
                    List.of(column("CIDRs", ".spec.cidrs"), column("Region", ".spec.region"), AGE);
            case "Subnet" ->
                    List.of(
                            column("VPC", ".spec.vpc"),
                            column("CIDR", ".spec.cidr"),
                            column("Zone", ".spec.zone"),
                            column("Free", "integer", ".status.freeAddresses", 0),
                            AGE);
            case "SecurityGroup" ->
                    List.of(
                            column("VPC", ".spec.vpc"),
                            column("Machines", "integer", ".status.machines", 0),
                            column("Description", ".spec.description"),
                            AGE);
            case "PrefixList" -> List.of(column("Ranges", ".spec.entries[*].cidr"), AGE);
            case "SecurityGroupPolicy" ->
                    List.of(column("Security-Group-Ids", ".spec.securityGroups.groupIds"), AGE);
            case "Host" ->
                    List.of(
                            column("Accelerator", ".status.accelerator"),
                            column("MilliCPU", "integer", ".status.capacityMilliCpu", 0),
                            column("MiB", "integer", ".status.capacityMemoryMebiBytes", 0),
                            column("Heartbeat", "date", ".status.heartbeat", 0),
                            AGE,
                            column("Cordoned", "boolean", ".spec.unschedulable", 1));
            case "Machine" ->
                    List.of(
                            column("Phase", ".status.phase"),
                            column("Pod", ".spec.pod.name"),
                            column("Host", ".spec.host"),
                            column("Address", ".spec.network.address"),
                            AGE,
                            column("Namespace", "string", ".spec.pod.namespace", 1),
                            column("MilliCPU", "integer", ".spec.size.milliCpu", 1),
                            column("MiB", "integer", ".spec.size.memoryMebiBytes", 1),
                            column("Message", "string", ".status.message", 1));
            case "PatchRun" ->
                    List.of(
                            column("Phase", ".status.phase"),
                            column("Zone", ".status.zone"),
                            column("Pods", "integer", ".status.pods", 0),
                            column("Remaining", "integer", ".status.remaining", 0),
                            AGE,
                            column("Evicted", "integer", ".status.evicted", 1),
                            column("Deleted", "integer", ".status.deleted", 1),
                            column("Message", "string", ".status.message", 1));
            case "PatchSchedule" ->
                    List.of(
                            column("Schedule", ".spec.schedule"),
                            column("Last", "date", ".status.lastDueAt", 0),
                            column("Next", ".status.nextAt"),
                            AGE,
                            column("Message", "string", ".status.message", 1));
            default -> List.of(AGE);
        };
    }

    /// Fields by which a watch can be narrowed: an agent watches its own machines only.
    static List<SelectableField> selectable(String kind) {
        return kind.equals("Machine")
                ? List.of(
                        new SelectableFieldBuilder().withJsonPath(".spec.host").build(),
                        new SelectableFieldBuilder().withJsonPath(".spec.pod.uid").build())
                : List.of();
    }

    private static CustomResourceColumnDefinition column(String name, String path) {
        return column(name, "string", path, 0);
    }

    private static CustomResourceColumnDefinition column(
            String name, String type, String path, int priority) {
        return new CustomResourceColumnDefinitionBuilder()
                .withName(name)
                .withType(type)
                .withJsonPath(path)
                .withPriority(priority)
                .build();
    }
}
