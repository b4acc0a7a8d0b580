// Values that make no sense are refused by the field's name before anything is rendered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/helm/chart.h"

namespace binlogd::testing {
namespace {

using ::testing::HasSubstr;

struct RefusedValue {
  const char* set;      // As --set takes it.
  const char* message;  // A part of what Helm says.
};

constexpr RefusedValue kRefused[] = {
    {"bogus=1", "additional properties 'bogus' not allowed"},
    {"replicas=2", "additional properties 'replicas' not allowed"},
    {"tls.mode=on", "at '/tls': additional properties 'mode' not allowed"},
    {"tls.enabled=false", "at '/tls/allowPlaintext': value must be true"},
    {"tls.enabled=perhaps", "at '/tls/enabled': got string, want boolean"},
    {"tls.source=vault", "at '/tls/source': value must be one of"},
    {"tls.source=secret", "at '/tls/secretName': minLength: got 0, want 1"},
    {"tls.source=certManager", "at '/tls/certManager/issuerRef/name': minLength: got 0, want 1"},
    {"tls.clientCertificates=false", "everybody who reaches the port could do everything"},
    {"users.existingSecret=Not_A_Name", "at '/users/existingSecret'"},
    {"service.grpcPort=0", "at '/service/grpcPort': minimum: got 0, want 1"},
    {"service.metricsPort=65536", "at '/service/metricsPort': maximum"},
    {"service.type=ExternalName", "at '/service/type': value must be one of"},
    {"image.digest=abc", "at '/image/digest': 'abc' does not match pattern"},
    {"image.tag=a b", "at '/image/tag'"},
    {"logLevel=loud", "at '/logLevel': value must be one of"},
    {"persistence.size=lots", "at '/persistence/size': 'lots' does not match pattern"},
    {"persistence.size=20", "at '/persistence/size': got number, want string"},
    {"nameOverride=a.b", "at '/nameOverride': 'a.b' does not match pattern"},
    {"fullnameOverride=Streams", "at '/fullnameOverride': 'Streams' does not match pattern"},
    {"podLabels.app\\.kubernetes\\.io/name=other", "invalid propertyName 'app.kubernetes.io/name'"},
    {"listenAddress=10.0.0.1", "at '/listenAddress': value must be one of"},
    {"prometheusRule.runbooks=docs", "at '/prometheusRule/runbooks': 'docs' does not match pattern"},
    {"tls.enabled=false,tls.allowPlaintext=true,users.existingSecret=users,users.testTokenSecret.name=token",
     "users.testTokenSecret is given and tls.enabled is false"},
    {"persistence.accessModes={ReadOnlyMany}", "at '/persistence/accessModes/0': value must be one of"},
    {"podSecurityContext.runAsUser=0", "at '/podSecurityContext/runAsUser': minimum: got 0, want 1"},
    {"podSecurityContext.runAsNonRoot=false", "at '/podSecurityContext/runAsNonRoot': value must be true"},
    {"podSecurityContext.seccompProfile.type=Unconfined", "at '/podSecurityContext/seccompProfile/type'"},
    {"podDisruptionBudget.maxUnavailable=2", "at '/podDisruptionBudget/maxUnavailable': maximum"},
    {"webIdentity.roleArn=binlogd", "at '/webIdentity/roleArn'"},
    {"serviceMonitor.interval=often", "at '/serviceMonitor/interval'"},
    {"networkPolicy.clients={everybody}", "at '/networkPolicy/clients/0': got string, want object"},
    {"resources.limits.memory=much", "at '/resources/limits/memory'"},
    {"extraArgs={--listen=0.0.0.0:1}", "at '/extraArgs/0': 'not' failed"},
    {"extraArgs={rm -rf}", "at '/extraArgs/0'"},
    {"env[0].name=DB_PASSWORD,env[0].value=hunter2", "at '/env/0': 'not' failed"},
    {"streamers.orders.source.user=repl", "at '/streamers/orders': missing property 'targets'"},
    {"streamers.orders.targets[0].name=a", "at '/streamers/orders': missing property 'source'"},
    {"streamers.orders.endpoints=db1", "at '/streamers/orders': additional properties 'endpoints' not allowed"},
    {"streamers.a123456789012345678901234567890123456789012345678901234567890123.mode=CONTINUOUS",
     "invalid propertyName 'a123456789012345678901234567890123456789012345678901234567890123'"},
    {"streamers.a/b.mode=CONTINUOUS", "at '/streamers/a~1b'"},
    {"streamers.orders.source.password.value=hunter2",
     "at '/streamers/orders/source/password': additional properties 'value' not allowed"},
    {"streamers.orders.targets[0].kafka.sasl.password.value=hunter2",
     "at '/streamers/orders/targets/0/kafka/sasl/password': additional properties 'value' not allowed"},
    {"streamers.orders.targets[0].s3.credentials.secret_access_key.value=hunter2",
     "at '/streamers/orders/targets/0/s3/credentials/secret_access_key': additional properties 'value' not allowed"},
};

TEST(RefusedValuesTest, TheFieldIsNamed) {
  const absl::StatusOr<std::string> good = Helm({"template", "test", CHART});
  if (absl::IsUnavailable(good.status())) GTEST_SKIP() << good.status();
  ASSERT_TRUE(good.ok()) << good.status();
  for (const RefusedValue& refused : kRefused) {
    const absl::StatusOr<std::string> rendered = Helm({"template", "test", CHART, "--set", refused.set});
    EXPECT_FALSE(rendered.ok()) << refused.set;
    EXPECT_THAT(std::string(rendered.status().message()), HasSubstr(refused.message)) << refused.set;
  }
}

TEST(RefusedValuesTest, AStreamersNameIsItsKey) {
  const absl::StatusOr<std::string> rendered =
      Helm({"template", "test", CHART, "--values=" VALUES "/everything.yaml", "--set", "streamers.orders.name=other"});
  if (absl::IsUnavailable(rendered.status())) GTEST_SKIP() << rendered.status();
  EXPECT_THAT(std::string(rendered.status().message()),
              HasSubstr("streamers.orders.name: the key \"orders\" is the streamer's name"));
}

}  // namespace
}  // namespace binlogd::testing
