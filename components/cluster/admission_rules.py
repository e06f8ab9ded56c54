"""The rules about pods and images, as the API server checks them. `python -m policies.admission` writes it."""

from collections.abc import Mapping
from typing import Any, Final

RULES: Final[Mapping[str, Any]] = {
    "shapes": [
        {
            "name": "pods",
            "groups": [
                ""
            ],
            "versions": [
                "v1"
            ],
            "resources": [
                "pods",
                "pods/ephemeralcontainers"
            ],
            "template": "object",
            "subject": "spec"
        },
        {
            "name": "pod-templates",
            "groups": [
                "",
                "apps",
                "batch"
            ],
            "versions": [
                "v1"
            ],
            "resources": [
                "daemonsets",
                "deployments",
                "jobs",
                "replicasets",
                "replicationcontrollers",
                "statefulsets"
            ],
            "template": "object.spec.template",
            "subject": "spec"
        },
        {
            "name": "bare-pod-templates",
            "groups": [
                ""
            ],
            "versions": [
                "v1"
            ],
            "resources": [
                "podtemplates"
            ],
            "template": "object.template",
            "subject": "template"
        },
        {
            "name": "cron-jobs",
            "groups": [
                "batch"
            ],
            "versions": [
                "v1"
            ],
            "resources": [
                "cronjobs"
            ],
            "template": "object.spec.jobTemplate.spec.template",
            "subject": "spec"
        }
    ],
    "variables": {
        "pod": "variables.template.spec",
        "annotations": "variables.template.?metadata.?annotations.orValue({})",
        "windows": "variables.pod.?os.?name.orValue('') == 'windows'",
        "restricted": "namespaceObject.metadata.?labels[?\"pod-security.kubernetes.io/enforce\"].orValue('') != \"baseline\"",
        "restricted_linux": "variables.restricted && !variables.windows",
        "pod_01": "(variables.pod.?securityContext.?windowsOptions.?hostProcess.orValue(false) ? [\"the pod\"] : []) + variables.pod.?containers.orValue([]).filter(c, c.?securityContext.?privileged.orValue(false) || c.?securityContext.?windowsOptions.?hostProcess.orValue(false)).map(c, c.?name.orValue('')) + variables.pod.?initContainers.orValue([]).filter(c, c.?securityContext.?privileged.orValue(false) || c.?securityContext.?windowsOptions.?hostProcess.orValue(false)).map(c, c.?name.orValue('')) + variables.pod.?ephemeralContainers.orValue([]).filter(c, c.?securityContext.?privileged.orValue(false) || c.?securityContext.?windowsOptions.?hostProcess.orValue(false)).map(c, c.?name.orValue(''))",
        "pod_02": "(variables.pod.?hostNetwork.orValue(false) ? [\"hostNetwork\"] : []) + (variables.pod.?hostPID.orValue(false) ? [\"hostPID\"] : []) + (variables.pod.?hostIPC.orValue(false) ? [\"hostIPC\"] : [])",
        "pod_03": "variables.pod.?volumes.orValue([]).filter(v, v.?hostPath.hasValue() || (variables.restricted && !(v.?configMap.hasValue() || v.?csi.hasValue() || v.?downwardAPI.hasValue() || v.?emptyDir.hasValue() || v.?ephemeral.hasValue() || v.?persistentVolumeClaim.hasValue() || v.?projected.hasValue() || v.?secret.hasValue()))).map(v, v.?name.orValue(''))",
        "pod_04": "variables.pod.?containers.orValue([]).filter(c, c.?ports.orValue([]).exists(p, p.?hostPort.orValue(0) != 0) || c.?livenessProbe.?httpGet.?host.orValue('') != '' || c.?livenessProbe.?tcpSocket.?host.orValue('') != '' || c.?readinessProbe.?httpGet.?host.orValue('') != '' || c.?readinessProbe.?tcpSocket.?host.orValue('') != '' || c.?startupProbe.?httpGet.?host.orValue('') != '' || c.?startupProbe.?tcpSocket.?host.orValue('') != '' || c.?lifecycle.?postStart.?httpGet.?host.orValue('') != '' || c.?lifecycle.?postStart.?tcpSocket.?host.orValue('') != '' || c.?lifecycle.?preStop.?httpGet.?host.orValue('') != '' || c.?lifecycle.?preStop.?tcpSocket.?host.orValue('') != '').map(c, c.?name.orValue('')) + variables.pod.?initContainers.orValue([]).filter(c, c.?ports.orValue([]).exists(p, p.?hostPort.orValue(0) != 0) || c.?livenessProbe.?httpGet.?host.orValue('') != '' || c.?livenessProbe.?tcpSocket.?host.orValue('') != '' || c.?readinessProbe.?httpGet.?host.orValue('') != '' || c.?readinessProbe.?tcpSocket.?host.orValue('') != '' || c.?startupProbe.?httpGet.?host.orValue('') != '' || c.?startupProbe.?tcpSocket.?host.orValue('') != '' || c.?lifecycle.?postStart.?httpGet.?host.orValue('') != '' || c.?lifecycle.?postStart.?tcpSocket.?host.orValue('') != '' || c.?lifecycle.?preStop.?httpGet.?host.orValue('') != '' || c.?lifecycle.?preStop.?tcpSocket.?host.orValue('') != '').map(c, c.?name.orValue('')) + variables.pod.?ephemeralContainers.orValue([]).filter(c, c.?ports.orValue([]).exists(p, p.?hostPort.orValue(0) != 0) || c.?livenessProbe.?httpGet.?host.orValue('') != '' || c.?livenessProbe.?tcpSocket.?host.orValue('') != '' || c.?readinessProbe.?httpGet.?host.orValue('') != '' || c.?readinessProbe.?tcpSocket.?host.orValue('') != '' || c.?startupProbe.?httpGet.?host.orValue('') != '' || c.?startupProbe.?tcpSocket.?host.orValue('') != '' || c.?lifecycle.?postStart.?httpGet.?host.orValue('') != '' || c.?lifecycle.?postStart.?tcpSocket.?host.orValue('') != '' || c.?lifecycle.?preStop.?httpGet.?host.orValue('') != '' || c.?lifecycle.?preStop.?tcpSocket.?host.orValue('') != '').map(c, c.?name.orValue(''))",
        "pod_05": "variables.pod.?containers.orValue([]).filter(c, c.?securityContext.?capabilities.?add.orValue([]).exists(k, !(k in (variables.restricted_linux ? [\"NET_BIND_SERVICE\"] : [\"AUDIT_WRITE\", \"CHOWN\", \"DAC_OVERRIDE\", \"FOWNER\", \"FSETID\", \"KILL\", \"MKNOD\", \"NET_BIND_SERVICE\", \"SETFCAP\", \"SETGID\", \"SETPCAP\", \"SETUID\", \"SYS_CHROOT\"]))) || (variables.restricted_linux && !(\"ALL\" in c.?securityContext.?capabilities.?drop.orValue([])))).map(c, c.?name.orValue('')) + variables.pod.?initContainers.orValue([]).filter(c, c.?securityContext.?capabilities.?add.orValue([]).exists(k, !(k in (variables.restricted_linux ? [\"NET_BIND_SERVICE\"] : [\"AUDIT_WRITE\", \"CHOWN\", \"DAC_OVERRIDE\", \"FOWNER\", \"FSETID\", \"KILL\", \"MKNOD\", \"NET_BIND_SERVICE\", \"SETFCAP\", \"SETGID\", \"SETPCAP\", \"SETUID\", \"SYS_CHROOT\"]))) || (variables.restricted_linux && !(\"ALL\" in c.?securityContext.?capabilities.?drop.orValue([])))).map(c, c.?name.orValue('')) + variables.pod.?ephemeralContainers.orValue([]).filter(c, c.?securityContext.?capabilities.?add.orValue([]).exists(k, !(k in (variables.restricted_linux ? [\"NET_BIND_SERVICE\"] : [\"AUDIT_WRITE\", \"CHOWN\", \"DAC_OVERRIDE\", \"FOWNER\", \"FSETID\", \"KILL\", \"MKNOD\", \"NET_BIND_SERVICE\", \"SETFCAP\", \"SETGID\", \"SETPCAP\", \"SETUID\", \"SYS_CHROOT\"]))) || (variables.restricted_linux && !(\"ALL\" in c.?securityContext.?capabilities.?drop.orValue([])))).map(c, c.?name.orValue(''))",
        "pod_06": "variables.pod.?containers.orValue([]).filter(c, variables.restricted_linux && c.?securityContext.?allowPrivilegeEscalation.orValue(true)).map(c, c.?name.orValue('')) + variables.pod.?initContainers.orValue([]).filter(c, variables.restricted_linux && c.?securityContext.?allowPrivilegeEscalation.orValue(true)).map(c, c.?name.orValue('')) + variables.pod.?ephemeralContainers.orValue([]).filter(c, variables.restricted_linux && c.?securityContext.?allowPrivilegeEscalation.orValue(true)).map(c, c.?name.orValue(''))",
        "pod_07": "(variables.restricted && variables.pod.?hostUsers.orValue(true) && (!variables.pod.?securityContext.?runAsNonRoot.orValue(true) || variables.pod.?securityContext.?runAsUser.orValue(1) == 0) ? [\"the pod\"] : []) + variables.pod.?containers.orValue([]).filter(c, variables.restricted && variables.pod.?hostUsers.orValue(true) && (!c.?securityContext.?runAsNonRoot.orValue(variables.pod.?securityContext.?runAsNonRoot.orValue(false)) || c.?securityContext.?runAsUser.orValue(1) == 0)).map(c, c.?name.orValue('')) + variables.pod.?initContainers.orValue([]).filter(c, variables.restricted && variables.pod.?hostUsers.orValue(true) && (!c.?securityContext.?runAsNonRoot.orValue(variables.pod.?securityContext.?runAsNonRoot.orValue(false)) || c.?securityContext.?runAsUser.orValue(1) == 0)).map(c, c.?name.orValue('')) + variables.pod.?ephemeralContainers.orValue([]).filter(c, variables.restricted && variables.pod.?hostUsers.orValue(true) && (!c.?securityContext.?runAsNonRoot.orValue(variables.pod.?securityContext.?runAsNonRoot.orValue(false)) || c.?securityContext.?runAsUser.orValue(1) == 0)).map(c, c.?name.orValue(''))",
        "pod_08": "(!(variables.pod.?securityContext.?seccompProfile.?type.orValue('') in [\"\", \"RuntimeDefault\", \"Localhost\"]) ? [\"the pod\"] : []) + variables.pod.?containers.orValue([]).filter(c, !(c.?securityContext.?seccompProfile.?type.orValue('') in [\"\", \"RuntimeDefault\", \"Localhost\"]) || (variables.restricted_linux && c.?securityContext.?seccompProfile.?type.orValue('') == '' && variables.pod.?securityContext.?seccompProfile.?type.orValue('') == '')).map(c, c.?name.orValue('')) + variables.pod.?initContainers.orValue([]).filter(c, !(c.?securityContext.?seccompProfile.?type.orValue('') in [\"\", \"RuntimeDefault\", \"Localhost\"]) || (variables.restricted_linux && c.?securityContext.?seccompProfile.?type.orValue('') == '' && variables.pod.?securityContext.?seccompProfile.?type.orValue('') == '')).map(c, c.?name.orValue('')) + variables.pod.?ephemeralContainers.orValue([]).filter(c, !(c.?securityContext.?seccompProfile.?type.orValue('') in [\"\", \"RuntimeDefault\", \"Localhost\"]) || (variables.restricted_linux && c.?securityContext.?seccompProfile.?type.orValue('') == '' && variables.pod.?securityContext.?seccompProfile.?type.orValue('') == '')).map(c, c.?name.orValue(''))",
        "pod_09": "(!(variables.pod.?securityContext.?seLinuxOptions.?type.orValue('') in [\"\", \"container_t\", \"container_init_t\", \"container_kvm_t\", \"container_engine_t\"]) || variables.pod.?securityContext.?seLinuxOptions.?user.orValue('') != '' || variables.pod.?securityContext.?seLinuxOptions.?role.orValue('') != '' || !(variables.pod.?securityContext.?appArmorProfile.?type.orValue('') in [\"\", \"RuntimeDefault\", \"Localhost\"]) ? [\"the pod\"] : []) + variables.pod.?containers.orValue([]).filter(c, !(c.?securityContext.?seLinuxOptions.?type.orValue('') in [\"\", \"container_t\", \"container_init_t\", \"container_kvm_t\", \"container_engine_t\"]) || c.?securityContext.?seLinuxOptions.?user.orValue('') != '' || c.?securityContext.?seLinuxOptions.?role.orValue('') != '' || !(c.?securityContext.?appArmorProfile.?type.orValue('') in [\"\", \"RuntimeDefault\", \"Localhost\"]) || !(c.?securityContext.?procMount.orValue('') in [\"\", \"Default\"] || (!variables.restricted && !variables.pod.?hostUsers.orValue(true) && c.?securityContext.?procMount.orValue('') in [\"Default\", \"Unmasked\"]))).map(c, c.?name.orValue('')) + variables.pod.?initContainers.orValue([]).filter(c, !(c.?securityContext.?seLinuxOptions.?type.orValue('') in [\"\", \"container_t\", \"container_init_t\", \"container_kvm_t\", \"container_engine_t\"]) || c.?securityContext.?seLinuxOptions.?user.orValue('') != '' || c.?securityContext.?seLinuxOptions.?role.orValue('') != '' || !(c.?securityContext.?appArmorProfile.?type.orValue('') in [\"\", \"RuntimeDefault\", \"Localhost\"]) || !(c.?securityContext.?procMount.orValue('') in [\"\", \"Default\"] || (!variables.restricted && !variables.pod.?hostUsers.orValue(true) && c.?securityContext.?procMount.orValue('') in [\"Default\", \"Unmasked\"]))).map(c, c.?name.orValue('')) + variables.pod.?ephemeralContainers.orValue([]).filter(c, !(c.?securityContext.?seLinuxOptions.?type.orValue('') in [\"\", \"container_t\", \"container_init_t\", \"container_kvm_t\", \"container_engine_t\"]) || c.?securityContext.?seLinuxOptions.?user.orValue('') != '' || c.?securityContext.?seLinuxOptions.?role.orValue('') != '' || !(c.?securityContext.?appArmorProfile.?type.orValue('') in [\"\", \"RuntimeDefault\", \"Localhost\"]) || !(c.?securityContext.?procMount.orValue('') in [\"\", \"Default\"] || (!variables.restricted && !variables.pod.?hostUsers.orValue(true) && c.?securityContext.?procMount.orValue('') in [\"Default\", \"Unmasked\"]))).map(c, c.?name.orValue('')) + variables.annotations.filter(k, k.startsWith(\"container.apparmor.security.beta.kubernetes.io/\") && !(variables.annotations[k] in [\"\", \"runtime/default\"] || variables.annotations[k].startsWith(\"localhost/\"))) + variables.pod.?securityContext.?sysctls.orValue([]).filter(s, !(s.name in [\"kernel.shm_rmid_forced\", \"net.ipv4.ip_local_port_range\", \"net.ipv4.ip_unprivileged_port_start\", \"net.ipv4.tcp_syncookies\", \"net.ipv4.ping_group_range\", \"net.ipv4.ip_local_reserved_ports\", \"net.ipv4.tcp_keepalive_time\", \"net.ipv4.tcp_fin_timeout\", \"net.ipv4.tcp_keepalive_intvl\", \"net.ipv4.tcp_keepalive_probes\", \"net.ipv4.tcp_rmem\", \"net.ipv4.tcp_wmem\"])).map(s, s.name)",
        "pod_10": "variables.pod.?containers.orValue([]).filter(c, !variables.windows && !c.?securityContext.?readOnlyRootFilesystem.orValue(false)).map(c, c.?name.orValue('')) + variables.pod.?initContainers.orValue([]).filter(c, !variables.windows && !c.?securityContext.?readOnlyRootFilesystem.orValue(false)).map(c, c.?name.orValue('')) + variables.pod.?ephemeralContainers.orValue([]).filter(c, !variables.windows && !c.?securityContext.?readOnlyRootFilesystem.orValue(false)).map(c, c.?name.orValue(''))",
        "pod_11": "variables.pod.?containers.orValue([]).filter(c, !c.?resources.?requests[?'cpu'].hasValue() || !c.?resources.?requests[?'memory'].hasValue() || !c.?resources.?limits[?'memory'].hasValue() || (c.?resources.?requests[?\"nvidia.com/gpu\"].hasValue() && c.?resources.?requests[?\"nvidia.com/gpu\"] != c.?resources.?limits[?\"nvidia.com/gpu\"])).map(c, c.?name.orValue('')) + variables.pod.?initContainers.orValue([]).filter(c, !c.?resources.?requests[?'cpu'].hasValue() || !c.?resources.?requests[?'memory'].hasValue() || !c.?resources.?limits[?'memory'].hasValue() || (c.?resources.?requests[?\"nvidia.com/gpu\"].hasValue() && c.?resources.?requests[?\"nvidia.com/gpu\"] != c.?resources.?limits[?\"nvidia.com/gpu\"])).map(c, c.?name.orValue(''))",
        "pod_12": "variables.pod.?containers.orValue([]).filter(c, c.?env.orValue([]).exists(e, e.?valueFrom.?secretKeyRef.hasValue()) || c.?envFrom.orValue([]).exists(e, e.?secretRef.hasValue())).map(c, c.?name.orValue('')) + variables.pod.?initContainers.orValue([]).filter(c, c.?env.orValue([]).exists(e, e.?valueFrom.?secretKeyRef.hasValue()) || c.?envFrom.orValue([]).exists(e, e.?secretRef.hasValue())).map(c, c.?name.orValue('')) + variables.pod.?ephemeralContainers.orValue([]).filter(c, c.?env.orValue([]).exists(e, e.?valueFrom.?secretKeyRef.hasValue()) || c.?envFrom.orValue([]).exists(e, e.?secretRef.hasValue())).map(c, c.?name.orValue(''))",
        "sup_01": "variables.pod.?containers.orValue([]).filter(c, !c.?image.orValue('').matches(\"^(?:(?P<host>(?:[A-Za-z0-9-]+(?:\\\\.[A-Za-z0-9-]+)+(?::\\\\d+)?|[A-Za-z0-9-]+:\\\\d+))/)?(?P<repository>[a-z0-9]+(?:(?:\\\\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\\\.|__?|-+)[a-z0-9]+)*)*)(?::(?P<tag>\\\\w[\\\\w.-]{0,127}))?@(?P<digest>sha256:[0-9a-f]{64})$\")).map(c, c.?name.orValue('') + ' (' + c.?image.orValue('') + ')') + variables.pod.?initContainers.orValue([]).filter(c, !c.?image.orValue('').matches(\"^(?:(?P<host>(?:[A-Za-z0-9-]+(?:\\\\.[A-Za-z0-9-]+)+(?::\\\\d+)?|[A-Za-z0-9-]+:\\\\d+))/)?(?P<repository>[a-z0-9]+(?:(?:\\\\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\\\.|__?|-+)[a-z0-9]+)*)*)(?::(?P<tag>\\\\w[\\\\w.-]{0,127}))?@(?P<digest>sha256:[0-9a-f]{64})$\")).map(c, c.?name.orValue('') + ' (' + c.?image.orValue('') + ')') + variables.pod.?ephemeralContainers.orValue([]).filter(c, !c.?image.orValue('').matches(\"^(?:(?P<host>(?:[A-Za-z0-9-]+(?:\\\\.[A-Za-z0-9-]+)+(?::\\\\d+)?|[A-Za-z0-9-]+:\\\\d+))/)?(?P<repository>[a-z0-9]+(?:(?:\\\\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\\\.|__?|-+)[a-z0-9]+)*)*)(?::(?P<tag>\\\\w[\\\\w.-]{0,127}))?@(?P<digest>sha256:[0-9a-f]{64})$\")).map(c, c.?name.orValue('') + ' (' + c.?image.orValue('') + ')')",
        "sup_02": "variables.pod.?containers.orValue([]).filter(c, !c.?image.orValue('').matches(\"^(?:(?P<host>(?:[A-Za-z0-9-]+(?:\\\\.[A-Za-z0-9-]+)+(?::\\\\d+)?|[A-Za-z0-9-]+:\\\\d+))/)?(?P<repository>[a-z0-9]+(?:(?:\\\\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\\\.|__?|-+)[a-z0-9]+)*)*)(?::(?P<tag>\\\\w[\\\\w.-]{0,127}))?(?:@(?P<digest>[a-z0-9]+:[0-9a-f]{32,128}))?$\") || !variables.registries.exists(r, ((c.?image.orValue('').matches(\"^(?:[A-Za-z0-9-]+(?:\\\\.[A-Za-z0-9-]+)+(?::\\\\d+)?|[A-Za-z0-9-]+:\\\\d+)/\") ? '' : \"docker.io/\") + c.?image.orValue('')).startsWith(r + '/'))).map(c, c.?name.orValue('') + ' (' + c.?image.orValue('') + ')') + variables.pod.?initContainers.orValue([]).filter(c, !c.?image.orValue('').matches(\"^(?:(?P<host>(?:[A-Za-z0-9-]+(?:\\\\.[A-Za-z0-9-]+)+(?::\\\\d+)?|[A-Za-z0-9-]+:\\\\d+))/)?(?P<repository>[a-z0-9]+(?:(?:\\\\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\\\.|__?|-+)[a-z0-9]+)*)*)(?::(?P<tag>\\\\w[\\\\w.-]{0,127}))?(?:@(?P<digest>[a-z0-9]+:[0-9a-f]{32,128}))?$\") || !variables.registries.exists(r, ((c.?image.orValue('').matches(\"^(?:[A-Za-z0-9-]+(?:\\\\.[A-Za-z0-9-]+)+(?::\\\\d+)?|[A-Za-z0-9-]+:\\\\d+)/\") ? '' : \"docker.io/\") + c.?image.orValue('')).startsWith(r + '/'))).map(c, c.?name.orValue('') + ' (' + c.?image.orValue('') + ')') + variables.pod.?ephemeralContainers.orValue([]).filter(c, !c.?image.orValue('').matches(\"^(?:(?P<host>(?:[A-Za-z0-9-]+(?:\\\\.[A-Za-z0-9-]+)+(?::\\\\d+)?|[A-Za-z0-9-]+:\\\\d+))/)?(?P<repository>[a-z0-9]+(?:(?:\\\\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\\\.|__?|-+)[a-z0-9]+)*)*)(?::(?P<tag>\\\\w[\\\\w.-]{0,127}))?(?:@(?P<digest>[a-z0-9]+:[0-9a-f]{32,128}))?$\") || !variables.registries.exists(r, ((c.?image.orValue('').matches(\"^(?:[A-Za-z0-9-]+(?:\\\\.[A-Za-z0-9-]+)+(?::\\\\d+)?|[A-Za-z0-9-]+:\\\\d+)/\") ? '' : \"docker.io/\") + c.?image.orValue('')).startsWith(r + '/'))).map(c, c.?name.orValue('') + ' (' + c.?image.orValue('') + ')')"
    },
    "validations": [
        {
            "rule": "POD-01",
            "variable": "pod_01",
            "message": "\"POD-01: privileged \" + variables.pod_01.join(', ') + ': allowed is ' + \"not privileged, no process of the node\""
        },
        {
            "rule": "POD-02",
            "variable": "pod_02",
            "message": "\"POD-02: shared with the node \" + variables.pod_02.join(', ') + ': allowed is ' + \"none of hostNetwork, hostPID, hostIPC\""
        },
        {
            "rule": "POD-03",
            "variable": "pod_03",
            "message": "\"POD-03: volume \" + variables.pod_03.join(', ') + ': allowed is ' + \"configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected, secret\""
        },
        {
            "rule": "POD-04",
            "variable": "pod_04",
            "message": "\"POD-04: port or host of container \" + variables.pod_04.join(', ') + ': allowed is ' + \"no hostPort, and no host in probes and hooks\""
        },
        {
            "rule": "POD-05",
            "variable": "pod_05",
            "message": "\"POD-05: capabilities of container \" + variables.pod_05.join(', ') + ': allowed is ' + \"drop: [\\\"ALL\\\"], and add none\""
        },
        {
            "rule": "POD-06",
            "variable": "pod_06",
            "message": "\"POD-06: privilege escalation of container \" + variables.pod_06.join(', ') + ': allowed is ' + \"securityContext.allowPrivilegeEscalation: false\""
        },
        {
            "rule": "POD-07",
            "variable": "pod_07",
            "message": "\"POD-07: may run as root \" + variables.pod_07.join(', ') + ': allowed is ' + \"securityContext.runAsNonRoot: true, and runAsUser not 0\""
        },
        {
            "rule": "POD-08",
            "variable": "pod_08",
            "message": "\"POD-08: system calls are not filtered \" + variables.pod_08.join(', ') + ': allowed is ' + \"securityContext.seccompProfile.type: RuntimeDefault\""
        },
        {
            "rule": "POD-09",
            "variable": "pod_09",
            "message": "\"POD-09: SELinux, AppArmor, procMount or sysctl of \" + variables.pod_09.join(', ') + ': allowed is ' + \"the node's defaults\""
        },
        {
            "rule": "POD-10",
            "variable": "pod_10",
            "message": "\"POD-10: files of the image of container \" + variables.pod_10.join(', ') + ': allowed is ' + \"securityContext.readOnlyRootFilesystem: true, with an emptyDir mounted where it writes\""
        },
        {
            "rule": "POD-11",
            "variable": "pod_11",
            "message": "\"POD-11: resources of container \" + variables.pod_11.join(', ') + ': allowed is ' + \"requests of cpu and memory, a limit of memory, as many GPUs requested as limited\""
        },
        {
            "rule": "POD-12",
            "variable": "pod_12",
            "message": "\"POD-12: secrets in the environment of container \" + variables.pod_12.join(', ') + ': allowed is ' + \"a mounted volume\""
        },
        {
            "rule": "SUP-01",
            "variable": "sup_01",
            "message": "\"SUP-01: image of container \" + variables.sup_01.join(', ') + ': allowed is ' + \"HOST/NAME@sha256:DIGEST\""
        },
        {
            "rule": "SUP-02",
            "variable": "sup_02",
            "message": "\"SUP-02: image of container \" + variables.sup_02.join(', ') + ': allowed is ' + variables.registries.map(r, r + '/NAME@sha256:DIGEST').join(', ')"
        }
    ],
    "namespaces": {
        "rule": "POD-13",
        "exempt": [
            "default",
            "kube-node-lease",
            "kube-public",
            "kube-system"
        ],
        "changed": "object.metadata.?labels[?\"pod-security.kubernetes.io/enforce\"] != oldObject.metadata.?labels[?\"pod-security.kubernetes.io/enforce\"]",
        "expression": "object.metadata.?labels[?\"pod-security.kubernetes.io/enforce\"].orValue('') == \"restricted\"",
        "message": "POD-13: label pod-security.kubernetes.io/enforce of the namespace: allowed is restricted"
    }
}
