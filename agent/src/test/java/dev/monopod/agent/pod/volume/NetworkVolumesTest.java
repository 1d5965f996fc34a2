package dev.monopod.agent.pod.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.protocol.guest.NetworkFileSystem;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import org.junit.jupiter.api.Test;

class NetworkVolumesTest {
    private static final String CLAIM =
            """
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: data, namespace: shop, uid: c1}
            spec: {volumeName: pv}
            status: {phase: Bound}
            """;
    private static final String NFS =
            """
            apiVersion: v1
            kind: PersistentVolume
            metadata: {name: pv}
            spec:
              claimRef: {uid: c1}
              mountOptions: [nfsvers=4.1, hard]
              nfs: {server: files.example, path: /exports/data}
            """;

    private final FakeObjects objects = new FakeObjects();

    private NetworkFileSystem render(String volume) {
        Pod pod =
                Serialization.unmarshal(
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: web, namespace: shop, uid: u1}
                        spec:
                          containers: [{name: c}]
                          volumes: [{name: v, %s}]
                        """
                                .formatted(volume),
                        Pod.class);
        return new NetworkVolumes(objects, server -> "10.9.8.7", "us-west-2")
                .render(pod, pod.getSpec().getVolumes().getFirst(), 5);
    }

    private NetworkFileSystem claimed() {
        return render("persistentVolumeClaim: {claimName: data}");
    }

    private void efs(String handle, String mountOptions) {
        objects.with(CLAIM)
                .with(
                        """
                        apiVersion: v1
                        kind: PersistentVolume
                        metadata: {name: pv}
                        spec:
                          claimRef: {uid: c1}
                          mountOptions: [%s]
                          csi: {driver: efs.csi.aws.com, volumeHandle: "%s"}
                        """
                                .formatted(mountOptions, handle));
    }

    private void efsServers(String data) {
        objects.with(
                """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: efs-servers}
                data: {%s}
                """
                        .formatted(data));
    }

    @Test
    void mountsWhatThePodNamesItself() {
        NetworkFileSystem nfs = render("nfs: {server: files.example, path: /a, readOnly: true}");

        assertThat(nfs.getServer()).isEqualTo("files.example");
        assertThat(nfs.getAddress()).isEqualTo("10.9.8.7");
        assertThat(nfs.getPath()).isEqualTo("/a");
        assertThat(nfs.getReadOnly()).isTrue();
        assertThat(nfs.getModulesDiskSlot()).isEqualTo(5);
    }

    @Test
    void followsAClaimToItsVolume() {
        objects.with(CLAIM).with(NFS);

        assertThat(claimed().getPath()).isEqualTo("/exports/data");
        assertThat(claimed().getOptionsList()).containsExactly("nfsvers=4.1", "hard");
        assertThat(claimed().getReadOnly()).isFalse();
        assertThat(render("persistentVolumeClaim: {claimName: data, readOnly: true}").getReadOnly())
                .isTrue();
    }

    @Test
    void takesAGenericEphemeralVolumesClaimOnlyIfItIsThePods() {
        String claim = CLAIM.replace("name: data", "name: web-v");
        objects.with(claim).with(NFS);
        assertThatThrownBy(() -> render("ephemeral: {volumeClaimTemplate: {}}"))
                .hasMessage(
                        "error processing PVC shop/web-v: PVC shop/web-v was not created for pod shop/web (pod is not owner)");

        objects.with(claim.replace("uid: c1", "uid: c1, ownerReferences: [{uid: u1}]"));
        assertThat(render("ephemeral: {volumeClaimTemplate: {}}").getPath())
                .isEqualTo("/exports/data");
    }

    @Test
    void saysInTheKubeletsWordsWhatIsMissing() {
        assertThatThrownBy(this::claimed)
                .hasMessage(
                        "error processing PVC shop/data: failed to fetch PVC from API server: persistentvolumeclaims \"data\" not found");
        objects.with(CLAIM.replace("Bound", "Pending"));
        assertThatThrownBy(this::claimed)
                .hasMessage("error processing PVC shop/data: PVC is not bound");
        objects.with(CLAIM);
        assertThatThrownBy(this::claimed)
                .hasMessage(
                        "error processing PVC shop/data: failed to fetch PV pv from API server: persistentvolumes \"pv\" not found");
        objects.with(NFS.replace("uid: c1", "uid: other"));
        assertThatThrownBy(this::claimed)
                .hasMessage(
                        "error processing PVC shop/data: found PV object pv but its pv.Spec.ClaimRef.UID other does not point to claim.UID c1");
    }

    @Test
    void findsEfsByTheNameThatAwsGives() {
        efs("fs-01ab:/data", "noatime");

        assertThat(claimed().getServer()).isEqualTo("fs-01ab.efs.us-west-2.amazonaws.com");
        assertThat(claimed().getPath()).isEqualTo("/data");
        assertThat(claimed().getOptionsList()).startsWith("vers=4.1").endsWith("noatime");
    }

    @Test
    void doesNotMountInTheOpenWhatAsksForEncryption() {
        efs("fs-01ab", "tls");
        assertThatThrownBy(this::claimed)
                .hasMessageContaining("mount options tls and iam, and access points");
        efs("fs-01ab::fsap-1", "");
        assertThatThrownBy(this::claimed)
                .hasMessageContaining("mount options tls and iam, and access points");
    }

    @Test
    void putsAServerOfOnesOwnInThePlaceOfEfs() {
        efsServers("fs-01ab: 'files.example:/efs/one', default: 'files.example:/efs'");

        efs("fs-01ab:/data", "tls");
        assertThat(claimed().getServer()).isEqualTo("files.example");
        assertThat(claimed().getPath()).isEqualTo("/efs/one/data");
        assertThat(claimed().getOptionsList()).doesNotContain("tls");
        efs("fs-02cd::fsap-1", "");
        assertThat(claimed().getPath()).isEqualTo("/efs/fsap-1");
        efs("fs-02cd", "accesspoint=fsap-2");
        assertThat(claimed().getPath()).isEqualTo("/efs/fsap-2");
        efsServers("default: nonsense");
        assertThatThrownBy(this::claimed).hasMessageContaining("is not of the form HOST:/PATH");
    }
}
