package dev.monopod.agent.pod.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// `resolv.conf` as a kubelet of 1.36 forms it.
class DnsConfigTest {
    private static final DnsConfig.Resolver HOST =
            DnsConfig.Resolver.parse(
                    List.of(
                            "# made by hand",
                            "nameserver 127.0.0.53",
                            "nameserver 9.9.9.9 8.8.8.8",
                            "search old",
                            "search corp. . lab.corp",
                            "options ndots:2 rotate"));

    private static Pod pod(String dns) {
        return Serialization.unmarshal(
                """
                metadata: {name: web, namespace: shop}
                spec: {containers: [], %s}
                """
                        .formatted(dns),
                Pod.class);
    }

    private static DnsConfig.Form form(String dns) {
        return new DnsConfig("10.100.0.10", "cluster.local", HOST).form(pod(dns));
    }

    @Test
    void clusterFirstPutsTheClusterBeforeTheHost() {
        assertThat(form("dnsPolicy: ClusterFirst").text())
                .isEqualTo(
                        """
                        search shop.svc.cluster.local svc.cluster.local cluster.local corp lab.corp
                        nameserver 10.100.0.10
                        options ndots:5
                        """);
    }

    @Test
    void defaultIsTheHostsButForItsLoopback() {
        assertThat(form("dnsPolicy: Default").text())
                .isEqualTo(
                        """
                        search corp lab.corp
                        nameserver 9.9.9.9
                        options ndots:2 rotate
                        """);
    }

    @Test
    void defaultAsksTheClusterWhenTheHostHasOnlyLoopback() {
        var host = DnsConfig.Resolver.parse(List.of("nameserver 127.0.0.1", "nameserver ::1"));
        assertThat(
                        new DnsConfig("10.100.0.10", "cluster.local", host)
                                .form(pod("dnsPolicy: Default"))
                                .text())
                .isEqualTo("nameserver 10.100.0.10\n");
    }

    @Test
    void noneIsWhatThePodSays() {
        assertThat(
                        form("dnsPolicy: None, dnsConfig: {nameservers: [1.1.1.1, 1.1.1.1], searches: [a.b],"
                                        + " options: [{name: ndots, value: '1'}, {name: edns0}]}")
                                .text())
                .isEqualTo("search a.b\nnameserver 1.1.1.1\noptions ndots:1 edns0\n");
    }

    @Test
    void ownOptionsReplaceAndOwnSearchesFollow() {
        assertThat(
                        form("dnsPolicy: ClusterFirst, dnsConfig: {nameservers: [1.1.1.1], searches: [corp, own],"
                                        + " options: [{name: ndots, value: '2'}]}")
                                .text())
                .isEqualTo(
                        """
                        search shop.svc.cluster.local svc.cluster.local cluster.local corp lab.corp own
                        nameserver 10.100.0.10
                        nameserver 1.1.1.1
                        options ndots:2
                        """);
    }

    @Test
    void keepsThreeNameserversAndSaysSo() {
        DnsConfig.Form form =
                form(
                        "dnsPolicy: None, dnsConfig: {nameservers: [1.0.0.1, 1.0.0.2, 1.0.0.3, 1.0.0.4]}");
        assertThat(form.text())
                .isEqualTo("nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\n");
        assertThat(form.omissions())
                .containsExactly(
                        "Nameserver limits were exceeded, some nameservers have been omitted, the"
                                + " applied nameserver line is: 1.0.0.1 1.0.0.2 1.0.0.3");
    }

    @Test
    void keepsThirtyTwoSearchesAndSaysSo() {
        String many = String.join(", ", IntStream.range(0, 33).mapToObj(i -> "d" + i).toList());
        DnsConfig.Form form =
                form(
                        "dnsPolicy: None, dnsConfig: {nameservers: [1.1.1.1], searches: ["
                                + many
                                + "]}");
        assertThat(form.text()).startsWith("search d0 d1 ").contains(" d31\n");
        assertThat(form.omissions())
                .singleElement()
                .asString()
                .startsWith(
                        "Search Line limits were exceeded, some search paths have been omitted, ")
                .endsWith(" d30 d31");
    }

    @Test
    void leavesOutWhatWouldMakeTheLineTooLong() {
        String longer = "x".repeat(250);
        String many = String.join(", ", IntStream.range(0, 9).mapToObj(i -> longer + i).toList());
        DnsConfig.Form form =
                form(
                        "dnsPolicy: None, dnsConfig: {nameservers: [1.1.1.1], searches: ["
                                + many
                                + ", "
                                + "y".repeat(254)
                                + "]}");
        String line = form.text().lines().findFirst().orElseThrow();
        assertThat(line.length() - "search ".length()).isLessThanOrEqualTo(2048);
        assertThat(line).endsWith("x7");
        assertThat(form.omissions()).hasSize(1);
    }
}
