package dev.monopod.controller.crd;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.PatchRun;
import dev.monopod.kube.api.PatchSchedule;
import dev.monopod.kube.api.PrefixList;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.SecurityGroupPolicy;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.model.names.Names;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/// The definitions of `monopod.dev/v1`, and of EKS' SecurityGroupPolicy: the schema is generated
/// from the records, the rules that a record cannot say are added by [SchemaRules] and [Columns].
public final class Crds {
    private static final List<Class<? extends HasMetadata>> KINDS =
            List.of(
                    FargateProfile.class,
                    Vpc.class,
                    Subnet.class,
                    SecurityGroup.class,
                    PrefixList.class,
                    SecurityGroupPolicy.class,
                    Host.class,
                    Machine.class,
                    PatchRun.class,
                    PatchSchedule.class);

    private Crds() {}

    /// All definitions, ready to apply.
    public static List<CustomResourceDefinition> all() {
        var outputs = new Outputs();
        new CRDGenerator()
                .customResourceClasses(KINDS)
                .forCRDVersions("v1")
                .withOutput(outputs)
                .generate();
        var generated =
                outputs.written.values().stream()
                        .map(written -> written.toString(StandardCharsets.UTF_8))
                        .map(yaml -> Serialization.unmarshal(yaml, CustomResourceDefinition.class))
                        .map(Crds::complete);
        return Stream.concat(generated, Stream.of(ClassParams.definition()))
                .sorted(Comparator.comparing(crd -> crd.getMetadata().getName()))
                .toList();
    }

    private static CustomResourceDefinition complete(CustomResourceDefinition crd) {
        crd.getMetadata().setLabels(Names.LABELS);
        crd.getSpec().getNames().setCategories(List.of("monopod"));
        var version = crd.getSpec().getVersions().getFirst();
        version.setAdditionalPrinterColumns(Columns.of(crd.getSpec().getNames().getKind()));
        var schema = version.getSchema().getOpenAPIV3Schema();
        SchemaRules.apply(crd.getSpec().getNames().getKind(), schema);
        version.setSelectableFields(Columns.selectable(crd.getSpec().getNames().getKind()));
        return crd;
    }

    private static final class Outputs implements CRDGenerator.CRDOutput<OutputStream> {
        private final Map<String, ByteArrayOutputStream> written = new ConcurrentHashMap<>();

        @Override
        public OutputStream outputFor(String crdName) {
            return written.computeIfAbsent(crdName, name -> new ByteArrayOutputStream());
        }

        @Override
        public void close() {
            try {
                for (var stream : written.values()) {
                    stream.close();
                }
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
        }
    }
}
