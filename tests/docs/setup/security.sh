# world: mariadb=db1
# shellcheck shell=bash
echo '127.0.0.1 db-tools' >>/etc/hosts
authority() { openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj "/CN=$1" -keyout "$2.key" -out "$2.pem" -addext basicConstraints=critical,CA:TRUE; }
# certificate NAME AUTHORITY: NAME.pem of NAME.key, for the host db-tools and the user me.
certificate() {
  openssl req -newkey rsa:2048 -nodes -subj /CN=me -keyout "$1.key" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 1 -extfile <(echo 'subjectAltName = DNS:db-tools') -out "$1.pem"
  chmod o= "$1.key"
}
authority servers ca
authority clients clients-ca
certificate server ca
certificate me clients-ca
echo 'users: [{name: me, certificate: me, grants: [{role: viewer}]}]' >users.yaml
