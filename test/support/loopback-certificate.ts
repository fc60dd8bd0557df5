/**
 * A self-signed certificate for localhost and 127.0.0.1, valid until 2126, and its key. Public, and good for nothing but
 * tests: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
 * -addext "subjectAltName=DNS:localhost,IP:127.0.0.1"
 */
export const LOOPBACK_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUarKmi9udljj41u0kT0QkSsk/wvkwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA5MDc0MFoYDzIxMjYxMDI4
MDkwNzQwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATZJ2S83VRsC+SXPlWdEL1dObGddlqRjd02RzstQ8RGtoMJJcF1Dv3L
6/GoCPTLhT2hAe59kVQWPmN/k5oTlcs/o28wbTAdBgNVHQ4EFgQUgjWjo3IsJPXP
A3epaNEaXyp1ECMwHwYDVR0jBBgwFoAUgjWjo3IsJPXPA3epaNEaXyp1ECMwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAL0BCWwDgYckVuQg6teQGZpzRseHAn6NrkQb0go/ehrsAiEA
xB0ywxPl9NtxJpHQDpGYiGaDsBtcHkIHu4C38QzXcfk=
-----END CERTIFICATE-----
`;

export const LOOPBACK_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyuIl1PoCi/Bbdyvx
6qggzq7/lZawvWeqQVrS0o6h7XehRANCAATZJ2S83VRsC+SXPlWdEL1dObGddlqR
jd02RzstQ8RGtoMJJcF1Dv3L6/GoCPTLhT2hAe59kVQWPmN/k5oTlcs/
-----END PRIVATE KEY-----
`;
