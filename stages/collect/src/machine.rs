//! The machine, as its firmware and its cloud say: which provider it was rented from, and which instance it is. Nothing is asked over the
//! network.
//!
//! | file | says | of |
//! | --- | --- | --- |
//! | `/sys/class/dmi/id` | vendor; type on EC2 (product), tag on Azure (chassis) | systemd's virt.c, cloud-init's ds-identify |
//! | `/run/cloud-init/instance-data.json` | cloud, region, EC2's and Azure's type | cloud-init, instance metadata |

use serde::Serialize;
use serde_json::Value;
use std::{fs, path::Path};

/// Columns of `session`; what nothing said is none.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub struct Machine {
    /// Vendor and product by DMI.
    pub machine: Option<String>,
    pub provider: Option<String>,
    pub region: Option<String>,
    pub instance: Option<String>,
    pub instance_from: Option<&'static str>,
}

/// Of Azure's virtual machines: "MSFT AZURE VM" as numbers (cloud-init, sources/azure/identity.py).
const AZURE_CHASSIS: &str = "7783-7084-3265-9085-8269-3286-77";

/// Beginnings of `sys_vendor`, and the provider as prices name it.
const VENDORS: [(&str, &str); 6] = [
    ("Amazon EC2", "aws"),
    ("Google", "gcp"),
    ("Alibaba Cloud", "alibaba"),
    ("DigitalOcean", "digitalocean"),
    ("Hetzner", "hetzner"),
    ("Scaleway", "scaleway"),
];

impl Machine {
    /// Below `root`, which is `/` but for tests.
    pub fn read(root: &Path) -> Self {
        let dmi = |name: &str| {
            let text = fs::read_to_string(root.join("sys/class/dmi/id").join(name)).ok()?;
            Some(text.trim().to_string()).filter(|t| !t.is_empty())
        };
        let (vendor, product) = (dmi("sys_vendor"), dmi("product_name"));
        let joined: Vec<String> = [vendor.clone(), product.clone()].into_iter().flatten().collect();
        let mut found = Machine { machine: (!joined.is_empty()).then(|| joined.join(" ")), ..Machine::default() };
        let named = vendor.as_deref().and_then(|v| VENDORS.iter().find(|(start, _)| v.starts_with(start)));
        found.provider = match (named, dmi("chassis_asset_tag").as_deref()) {
            (Some((_, provider)), _) => Some((*provider).to_string()),
            (None, Some(AZURE_CHASSIS)) => Some("azure".into()),
            (None, Some("OracleCloud.com")) => Some("oci".into()),
            _ => None,
        };
        // Not "HVM domU" of the Xen generation, nor "Google Compute Engine".
        let is_type = |text: &String| text.contains('.') && !text.contains(' ');
        if found.provider.as_deref() == Some("aws") {
            found.instance = product.filter(is_type);
        }
        found.instance_from = found.provider.is_some().then_some("DMI");
        let data = fs::read(root.join("run/cloud-init/instance-data.json")).ok();
        if let Some(data) = data.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) {
            found.cloud_init(&data);
        }
        found
    }

    /// Adds what cloud-init recorded and the firmware did not say.
    fn cloud_init(&mut self, data: &Value) {
        let text =
            |path: &str| data.pointer(path).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_string);
        let cloud = text("/v1/cloud_name").map(|name| match name.as_str() {
            "gce" => "gcp".to_string(),
            _ => name,
        });
        let known = ["aws", "gcp", "azure", "alibaba", "digitalocean", "hetzner", "scaleway", "oci", "oracle"];
        let Some(cloud) = cloud.filter(|name| known.contains(&name.as_str())) else { return };
        if self.provider.as_ref().is_some_and(|provider| *provider != cloud) {
            return;
        }
        let types = [
            "/ds/meta_data/instance_type",
            "/ds/meta_data/instance-type",
            "/ds/dynamic/instance_identity/document/instanceType",
            "/ds/dynamic/instance-identity/document/instanceType",
            "/ds/meta_data/imds/compute/vmSize",
        ];
        if self.instance.is_none() {
            self.instance = types.iter().find_map(|path| text(path));
            if self.provider.is_none() || self.instance.is_some() {
                self.instance_from = Some("cloud-init");
            }
        }
        self.provider = Some(cloud);
        self.region = text("/v1/region");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> [Option<String>; 5] {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = match *name {
                "instance-data.json" => root.path().join("run/cloud-init").join(name),
                name => root.path().join("sys/class/dmi/id").join(name),
            };
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        }
        let Machine { machine, provider, region, instance, instance_from } = Machine::read(root.path());
        [machine, provider, region, instance, instance_from.map(str::to_string)]
    }

    fn some<const N: usize>(texts: [&str; N]) -> [Option<String>; N] {
        texts.map(|text| (!text.is_empty()).then(|| text.to_string()))
    }

    #[test]
    fn firmware_names_the_instance_or_the_cloud() {
        let nitro = [("sys_vendor", "Amazon EC2"), ("product_name", "c7i.xlarge")];
        assert_eq!(machine(&nitro), some(["Amazon EC2 c7i.xlarge", "aws", "", "c7i.xlarge", "DMI"]));
        let google = [("sys_vendor", "Google"), ("product_name", "Google Compute Engine")];
        assert_eq!(machine(&google), some(["Google Google Compute Engine", "gcp", "", "", "DMI"]));
        let azure = [
            ("sys_vendor", "Microsoft Corporation"),
            ("product_name", "Virtual Machine"),
            ("chassis_asset_tag", AZURE_CHASSIS),
        ];
        assert_eq!(machine(&azure), some(["Microsoft Corporation Virtual Machine", "azure", "", "", "DMI"]));
        assert_eq!(
            machine(&azure[..2]),
            some(["Microsoft Corporation Virtual Machine", "", "", "", ""]),
            "Hyper-V at home"
        );
        let xen = [("sys_vendor", "Xen"), ("product_name", "HVM domU")];
        assert_eq!(machine(&xen), some(["Xen HVM domU", "", "", "", ""]));
        let laptop = [("sys_vendor", "LENOVO"), ("product_name", "21J50013US")];
        assert_eq!(machine(&laptop), some(["LENOVO 21J50013US", "", "", "", ""]));
        assert_eq!(machine(&[]), some(["", "", "", "", ""]));
    }

    #[test]
    fn cloud_init_adds_what_firmware_does_not_say() {
        let ec2 = r#"{"v1": {"cloud_name": "aws", "region": "us-east-1"}, "ds": {"meta_data": {"instance_type": "p5.48xlarge"}}}"#;
        let xen = [("sys_vendor", "Xen"), ("product_name", "HVM domU"), ("instance-data.json", ec2)];
        assert_eq!(machine(&xen), some(["Xen HVM domU", "aws", "us-east-1", "p5.48xlarge", "cloud-init"]));
        let nitro = [("sys_vendor", "Amazon EC2"), ("product_name", "c7g.xlarge"), ("instance-data.json", ec2)];
        assert_eq!(
            machine(&nitro),
            some(["Amazon EC2 c7g.xlarge", "aws", "us-east-1", "c7g.xlarge", "DMI"]),
            "firmware first"
        );
        let vm = r#"{"v1": {"cloud_name": "azure", "region": "eastus"},
            "ds": {"meta_data": {"imds": {"compute": {"vmSize": "Standard_NC40ads_H100_v5"}}}}}"#;
        let azure = [("chassis_asset_tag", AZURE_CHASSIS), ("instance-data.json", vm)];
        assert_eq!(machine(&azure), some(["", "azure", "eastus", "Standard_NC40ads_H100_v5", "cloud-init"]));
        let gce = r#"{"v1": {"cloud_name": "gce", "region": "us-central1"}, "ds": {"meta_data": {}}}"#;
        let google = [("sys_vendor", "Google"), ("product_name", "Google Compute Engine"), ("instance-data.json", gce)];
        assert_eq!(machine(&google), some(["Google Google Compute Engine", "gcp", "us-central1", "", "DMI"]));
        let none = r#"{"v1": {"cloud_name": "nocloud"}, "ds": {"meta_data": {"instance_type": "x.y"}}}"#;
        assert_eq!(machine(&[("instance-data.json", none)]), some(["", "", "", "", ""]));
        let other = [("sys_vendor", "Google"), ("instance-data.json", ec2)];
        assert_eq!(machine(&other), some(["Google", "gcp", "", "", "DMI"]), "two clouds at once: firmware's");
        assert_eq!(machine(&[("instance-data.json", "{")]), some(["", "", "", "", ""]));
    }
}
