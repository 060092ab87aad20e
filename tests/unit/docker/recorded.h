/* What Docker Engine 20.10.24 sent, byte for byte, recorded on its socket on Debian 12; ids and
 * dates are those of that day. Podman's shapes are facts.md's, with Podman 4.3.1's headers. */
#ifndef SW_TEST_RECORDED_H
#define SW_TEST_RECORDED_H

#define R_ID "f315b57d6c695a4ce39942836ad6e5ee72676bface8f68a78194c9a07375689e"
#define R_HEAD(status, more)                                                             \
	"HTTP/1.1 " status "\r\nApi-Version: 1.41\r\n" more "Docker-Experimental: false\r\n" \
	"Ostype: linux\r\nServer: Docker/20.10.24+dfsg1 (linux)\r\n"                         \
	"Date: Sun, 22 Nov 2026 23:17:25 GMT\r\n"
#define R_JSON(status) R_HEAD(status, "Content-Type: application/json\r\n")

#define R_PING                                                                               \
	"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nCache-Control: no-cache, no-store, "            \
	"must-revalidate\r\nDocker-Experimental: false\r\nOstype: linux\r\nPragma: no-cache\r\n" \
	"Server: Docker/20.10.24+dfsg1 (linux)\r\nDate: Sun, 22 Nov 2026 22:58:57 GMT\r\n"       \
	"Content-Length: 2\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nOK"
#define R_CREATE_201 \
	R_JSON("201 Created") "Content-Length: 88\r\n\r\n{\"Id\":\"" R_ID "\",\"Warnings\":[]}\n"
#define R_CREATE_404             \
	R_JSON("404 Not Found")      \
	"Content-Length: 46\r\n\r\n" \
	"{\"message\":\"No such image: none-such:latest\"}\n"
#define R_CREATE_409                                                                             \
	R_JSON("409 Conflict")                                                                       \
	"Content-Length: 232\r\n\r\n"                                                                \
	"{\"message\":\"Conflict. The container name \\\"/swrec\\\" is already in use by container " \
	"\\\"" R_ID "\\\". You have to remove (or rename) that container to be able to reuse that "  \
	"name.\"}\n"
#define R_START_400                                                                              \
	R_JSON("400 Bad Request")                                                                    \
	"Content-Length: 192\r\n\r\n"                                                                \
	"{\"message\":\"failed to create shim task: OCI runtime create failed: runc create failed: " \
	"unable to start container process: exec: \\\"/bin/sh\\\": stat /bin/sh: no such file or "   \
	"directory: unknown\"}\n"
#define R_204 R_HEAD("204 No Content", "") "\r\n"
#define R_304 R_HEAD("304 Not Modified", "") "\r\n"
#define R_REMOVING_409            \
	R_JSON("409 Conflict")        \
	"Content-Length: 123\r\n\r\n" \
	"{\"message\":\"removal of container " R_ID " is already in progress\"}\n"
#define R_WAIT_HEAD R_JSON("200 OK") "Transfer-Encoding: chunked\r\n\r\n"
#define R_WAIT_0 R_WAIT_HEAD "20\r\n{\"Error\":null,\"StatusCode\":137}\n\r\n0\r\n\r\n"
#define R_WAIT_CUT R_WAIT_HEAD "20\r\n{\"Error\":null,\"Stat"
#define R_WAIT_ERROR                                                                                  \
	R_WAIT_HEAD                                                                                       \
		"db\r\n{\"Error\":{\"Message\":\"failed to create shim task: OCI runtime create "             \
		"failed: runc create failed: unable to start container process: exec: \\\"/bin/sh\\\": stat " \
		"/bin/sh: no such file or directory: unknown\"},\"StatusCode\":127}\n\r\n0\r\n\r\n"
#define R_EXEC_ID "da6bbb4f3bcee4895ce214c780bd4847abb2e27c78cdc2bee288255685903799"
#define R_EXEC_201 \
	R_JSON("201 Created") "Content-Length: 74\r\n\r\n{\"Id\":\"" R_EXEC_ID "\"}\n"
#define R_EXEC_409               \
	R_JSON("409 Conflict")       \
	"Content-Length: 104\r\n\r\n" \
	"{\"message\":\"Container " R_ID " is not running\"}\n"
#define R_EXEC_404               \
	R_JSON("404 Not Found")      \
	"Content-Length: 102\r\n\r\n" \
	"{\"message\":\"No such exec instance: " R_EXEC_ID "\"}\n"
#define R_EXEC_STATE                                                                             \
	R_JSON("200 OK")                                                                             \
	"Content-Length: 405\r\n\r\n{\"ID\":\"" R_EXEC_ID "\",\"Running\":false,\"ExitCode\":3,"      \
	"\"ProcessConfig\":{\"tty\":false,\"entrypoint\":\"/usr/bin/python3.11\",\"arguments\":"       \
	"[\"-I\",\"-S\",\"-c\",\"exit(3)\"],\"privileged\":false},\"OpenStdin\":true,\"OpenStderr\":"    \
	"true,\"OpenStdout\":true,\"CanRemove\":false,\"ContainerID\":\"" R_ID "\",\"DetachKeys\":\"\"," \
	"\"Pid\":1688}\n"
#define R_EXEC_101                                                                      \
	"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"      \
	"Connection: Upgrade\r\nUpgrade: tcp\r\nApi-Version: 1.41\r\nDocker-Experimental: " \
	"false\r\nOstype: linux\r\nServer: Docker/20.10.24+dfsg1 (linux)\r\n\r\n"
/* A command that is not there, on crun. */
#define R_EXEC_NO_COMMAND                                                                     \
	R_EXEC_101 "\1\0\0\0\0\0\0iOCI runtime exec failed: executable file `/nope` not found in " \
	"$PATH: No such file or directory: unknown\r\n"
#define R_LIST                                                                                    \
	R_JSON("200 OK")                                                                              \
	"Content-Length: 534\r\n\r\n[{\"Id\":\"" R_ID "\",\"Names\":[\"/swrec\"],"                    \
	"\"Image\":\"sandwatch/python:latest\",\"ImageID\":\"sha256:1a04bc551ea32d997718cd4b1fcbd69f" \
	"382752b8a3399630b232daa1e8150e77\",\"Command\":\"/bin/sh -c 'exit 7'\",\"Created\":"         \
	"1795389445,\"Ports\":[],\"Labels\":{\"a\":\"b=c\",\"org.sandwatch.layout\":\"1\","           \
	"\"org.sandwatch.recipe\":\"882cda949568b0b4fa6b525e0ffde98e1e5ee75c3a06a02d837404d82e142e05" \
	"\"},\"State\":\"created\",\"Status\":\"Created\",\"HostConfig\":{\"NetworkMode\":\"none\"}," \
	"\"NetworkSettings\":{\"Networks\":{}},\"Mounts\":[]}]\n"
#define R_IMPORT_500                    \
	R_JSON("500 Internal Server Error") \
	"Content-Length: 71\r\n\r\n"        \
	"{\"message\":\"Error processing tar file(exit status 1): unexpected EOF\"}\n"
#define R_ATTACH_101                                                               \
	"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n" \
	"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
#define R_ATTACH_200 "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
/* Plain text, ended by the connection's end. */
#define R_ATTACH_404                                                                    \
	"HTTP/1.1 404 Not Found\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n" \
	"No such container: sandwatch-test-nothing\r\n"
#define R_PODMAN_500                                                                                \
	"HTTP/1.1 500 Internal Server Error\r\nApi-Version: 1.41\r\nContent-Type: application/json"     \
	"\r\nLibpod-Api-Version: 4.3.1\r\nServer: Libpod/4.3.1 (linux)\r\nContent-Length: 101\r\n\r\n"  \
	"{\"cause\":\"that name is already in use\",\"message\":\"creating container storage failed\"," \
	"\"response\":500}\n"
/* nginx's welcome page, shortened. */
#define R_HTML                                                                                 \
	"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\nContent-Length: 45" \
	"\r\n\r\n<!DOCTYPE html><title>Welcome</title>\x1b[31mhi\n"
#define R_GARBAGE "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\r\n"

#endif
