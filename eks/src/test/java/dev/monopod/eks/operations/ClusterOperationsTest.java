package dev.monopod.eks.operations;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ClusterOperationsTest {
    private final ApiRig api = new ApiRig();

    @Test
    void describesTheClusterAsToolsReadIt() throws IOException {
        var expected =
                """
                {"cluster": {
                  "name": "c1",
                  "arn": "arn:aws:eks:us-west-2:111122223333:cluster/c1",
                  "createdAt": 1795939200.125,
                  "version": "1.36",
                  "endpoint": "https://192.168.0.4:6443",
                  "roleArn": "arn:aws:iam::111122223333:role/monopod-cluster",
                  "resourcesVpcConfig": {
                    "vpcId": "default",
                    "subnetIds": ["private-a", "private-b"],
                    "securityGroupIds": [],
                    "clusterSecurityGroupId": "sg-cluster-default",
                    "endpointPublicAccess": true,
                    "endpointPrivateAccess": true,
                    "publicAccessCidrs": ["0.0.0.0/0"]
                  },
                  "kubernetesNetworkConfig": {
                    "serviceIpv4Cidr": "10.100.0.0/16", "ipFamily": "ipv4"
                  },
                  "logging": {"clusterLogging": [{
                    "types": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
                    "enabled": false
                  }]},
                  "identity": {"oidc": {"issuer": "https://kubernetes.default.svc"}},
                  "status": "ACTIVE",
                  "certificateAuthority": {"data": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="},
                  "platformVersion": "eks.1",
                  "tags": {"team": "a"},
                  "health": {"issues": []},
                  "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"},
                  "upgradePolicy": {"supportType": "STANDARD"},
                  "deletionProtection": false
                }}
                """;

        var answer = api.get("/clusters/c1");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.response().headers()).containsEntry("Content-Type", "application/json");
        assertThat(answer.json()).isEqualTo(new ObjectMapper().readTree(expected));
    }

    @Test
    void knowsNoOtherCluster() {
        var answer = api.get("/clusters/c2");

        answer.isRefused(404, "ResourceNotFoundException", "No cluster found for name: c2.");
        assertThat(answer.text())
                .isEqualTo(
                        "{\"clusterName\":\"c2\",\"nodegroupName\":null,\"fargateProfileName\":null,"
                                + "\"addonName\":null,\"message\":\"No cluster found for name: c2.\"}");
    }

    /// An empty token would ask eksctl to begin again, for ever.
    @Test
    void listsTheClusterOnOnePage() {
        assertThat(api.get("/clusters?include=all&maxResults=1").text())
                .isEqualTo("{\"clusters\":[\"c1\"],\"nextToken\":null}");
    }

    /// Eksctl takes the first version without looking whether there is one.
    @Test
    void describesTheVersionOfTheCluster() {
        assertThat(api.get("/cluster-versions?defaultOnly=true").text())
                .isEqualTo(
                        "{\"clusterVersions\":[{\"clusterVersion\":\"1.36\",\"clusterType\":\"eks\","
                                + "\"defaultPlatformVersion\":\"eks.1\",\"defaultVersion\":true,"
                                + "\"status\":\"standard-support\",\"versionStatus\":"
                                + "\"STANDARD_SUPPORT\"}],\"nextToken\":null}");
    }

    /// Each release of eksctl asks for its own default first, which is an older one.
    @Test
    void listsTheVersionsBeforeThatEksSupportsToo() {
        var versions = api.get("/cluster-versions").json().path("clusterVersions");
        assertThat(versions.findValuesAsText("clusterVersion"))
                .containsExactly("1.36", "1.35", "1.34", "1.33", "1.32", "1.31", "1.30");
        assertThat(versions.findValuesAsText("defaultVersion"))
                .containsExactly("true", "false", "false", "false", "false", "false", "false");
        assertThat(versions.path(1).path("versionStatus").asText()).isEqualTo("EXTENDED_SUPPORT");
    }

    @ParameterizedTest
    @CsvSource({
        "clusterVersions=1.36&clusterVersions=1.35, 2",
        "clusterVersions=1.35, 1",
        "clusterVersions=1.29, 0",
        "defaultOnly=true&includeAll=true, 1",
        "clusterType=eks-local-outposts, 0",
        "versionStatus=STANDARD_SUPPORT, 1",
        "versionStatus=EXTENDED_SUPPORT, 6",
        "status=unsupported, 0",
        "maxResults=1, 1"
    })
    void filtersVersions(String query, int count) {
        assertThat(api.get("/cluster-versions?" + query).json().path("clusterVersions"))
                .hasSize(count);
    }
}
