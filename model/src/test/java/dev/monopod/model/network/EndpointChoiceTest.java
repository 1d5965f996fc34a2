package dev.monopod.model.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.network.EndpointChoice.Endpoint;
import dev.monopod.model.network.EndpointChoice.InternalTraffic;
import dev.monopod.model.network.EndpointChoice.State;
import dev.monopod.model.network.ServiceViews.Back;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The cases of kube-proxy's `TestCategorizeEndpoints` (1.36) that apply, for a pod on node-1 in
/// zone-a. An endpoint is written `number:state:node:zone hints:node hints`; hints are joined by +.
final class EndpointChoiceTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            textBlock =
                    """
                    no endpoints                                        | CLUSTER |                                                                                   |
                    no hints                                            | CLUSTER | 1:ready:n1:: 2:ready:n2::                                                         | 1 2
                    hints for the zone                                  | CLUSTER | 1:ready:n1:zone-a: 2:ready:n2:zone-b: 3:ready:n3:zone-b: 4:ready:n4:zone-a:       | 1 4
                    one endpoint without a hint                         | CLUSTER | 1:ready:n1:zone-a: 2:ready:n2:zone-b: 3:ready:n3::                                | 1 2 3
                    no hint for the zone                                | CLUSTER | 1:ready:n1:zone-b: 2:ready:n2:zone-c:                                             | 1 2
                    an endpoint for several zones                       | CLUSTER | 1:ready:n1:zone-b+zone-a: 2:ready:n2:zone-c:                                      | 1
                    what is not ready needs no hint                     | CLUSTER | 1:ready:n1:zone-a: 2:ready:n2:zone-b: 3:draining:n3::                             | 1
                    the zone's endpoint only drains                     | CLUSTER | 1:draining:n1:zone-a: 2:ready:n2:zone-b:                                          | 2
                    none is ready and some drain, whatever their hints  | CLUSTER | 1:draining:n1:zone-a: 2:draining:n2:zone-b:                                       | 1 2
                    hints for the node                                  | CLUSTER | 1:ready:node-1:zone-a:node-1 2:ready:n2:zone-a:n2                                 | 1
                    hints for other nodes, and for the zone             | CLUSTER | 1:ready:n1:zone-a:n1 2:ready:n2:zone-b:n2                                         | 1
                    one endpoint without a hint for a node              | CLUSTER | 1:ready:node-1:zone-a:node-1 2:ready:n2:zone-a:                                   | 1 2
                    hints for other nodes and other zones               | CLUSTER | 1:ready:n1:zone-b:n1 2:ready:n2:zone-c:n2                                         | 1 2
                    a hint for the node at an endpoint of another       | CLUSTER | 1:ready:node-1:zone-a:n2 2:ready:n2:zone-b:node-1                                 | 2
                    Local, the endpoint is the pod                      | LOCAL   | 1:ready:node-1:: 2:ready:n2::                                                     | 1
                    Local, all endpoints are others                     | LOCAL   | 1:ready:n1:: 2:ready:n2::                                                         |
                    Local, hints do not matter                          | LOCAL   | 1:ready:node-1:zone-b: 2:ready:n2:zone-a:                                         | 1
                    Local, it drains                                    | LOCAL   | 1:draining:node-1:: 2:ready:n2::                                                  | 1
                    Local, one of two drains                            | LOCAL   | 1:draining:node-1:: 2:ready:node-1::                                              | 2
                    Local, an endpoint without a node                   | LOCAL   | 1:ready:::                                                                        |
                    """)
    @DisplayName("chooses as kube-proxy does")
    void choosesAsKubeProxyDoes(String name, InternalTraffic traffic, String all, String chosen) {
        var endpoints = list(all).stream().map(EndpointChoiceTest::endpoint).toList();

        var choice = EndpointChoice.of(endpoints, traffic);

        assertThat(choice.of("node-1", "zone-a"))
                .extracting(Back::port)
                .map(String::valueOf)
                .isEqualTo(list(chosen));
    }

    private static List<String> list(String text) {
        return text == null || text.isBlank() ? List.of() : List.of(text.strip().split(" "));
    }

    private static Endpoint endpoint(String text) {
        var parts = text.split(":", -1);
        return new Endpoint(
                new Back("192.168.0.10", Integer.parseInt(parts[0])),
                parts[1].equals("ready") ? State.READY : State.DRAINING,
                parts[2],
                hints(parts[4]),
                hints(parts[3]));
    }

    private static Set<String> hints(String text) {
        return text.isEmpty() ? Set.of() : Set.of(text.split("\\+"));
    }
}
