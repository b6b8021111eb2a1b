//! A source whose sensors are read one after another, each by a function of its own.

use super::source::{Look, Source, Values};
use sensor::Sensor;
use std::io;

/// What a sensor says now; `None` where it says nothing at this moment.
type Read = Box<dyn FnMut() -> io::Result<Option<Values>> + Send>;

#[derive(Default)]
pub struct Polled {
    sensors: Vec<Sensor>,
    reads: Vec<Read>,
    /// Devices that could not be opened, each with its reason.
    pub unavailable: Vec<String>,
}

impl Polled {
    pub fn add(&mut self, sensor: Sensor, read: impl FnMut() -> io::Result<Option<Values>> + Send + 'static) {
        self.sensors.push(sensor);
        self.reads.push(Box::new(read));
    }

    /// Opens the source, or says why it cannot: `absent` turns the reasons of the devices into one.
    pub fn opened(self, absent: impl FnOnce(Vec<String>) -> String) -> Result<Box<dyn Source>, String> {
        match self.sensors.is_empty() {
            true => Err(absent(self.unavailable)),
            false => Ok(Box::new(self)),
        }
    }
}

impl Source for Polled {
    fn sensors(&self) -> &[Sensor] {
        &self.sensors
    }

    fn unavailable(&self) -> Vec<String> {
        self.unavailable.clone()
    }

    fn read(&mut self, look: &mut Look) {
        for (at, read) in self.reads.iter_mut().enumerate() {
            match read() {
                Ok(Some(values)) => look.values(at, values),
                Ok(None) => {}
                Err(e) => look.fail(at, format!("{}: {e}", self.sensors[at].device_id)),
            }
        }
    }
}
