-- Sensors whose readings mean something other than their name says.
select
    'sensor_label' as code,
    'sensor ' || device_id as place,
    'info' as severity,
    'labelled: ' || label as what
from sensor
where label is not null
group by device_id, label
