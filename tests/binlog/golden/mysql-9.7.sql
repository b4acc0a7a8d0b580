create database shop;
use shop;
create table numbers(
 id int not null primary key auto_increment,
 t1 tinyint, t1u tinyint unsigned, t2 smallint, t2u smallint unsigned, t3 mediumint, t3u mediumint unsigned, t4 int, t4u int unsigned, t8 bigint, t8u bigint unsigned,
 b bool, bit1 bit, bit13 bit(13), bit64 bit(64), y year,
 d65 decimal(65,30), d10 decimal(10,0), d55 decimal(5,5), d92 decimal(9,2) unsigned, f float, db double, fu float unsigned);
insert into numbers values(null,-128,0,-32768,0,-8388608,0,-2147483648,0,-9223372036854775808,0,false,b'0',b'0',b'0',0,-99999999999999999999999999999999999.999999999999999999999999999999,-9999999999,-0.99999,0,-3.402823e38,-1.7976931348623157e308,0);
insert into numbers values(null,127,255,32767,65535,8388607,16777215,2147483647,4294967295,9223372036854775807,18446744073709551615,true,b'1',b'1111111111111',0xffffffffffffffff,2155,99999999999999999999999999999999999.999999999999999999999999999999,9999999999,0.00001,9999999.99,1.17549435e-38,2.2250738585072014e-308,0.1);
insert into numbers values(null,-1,1,-1,1,-1,1,-1,1,-1,1,1,1,4097,0x8000000000000001,1901,0.000000000000000000000000000001,-1,-0.5,1.5,0.1,0.1,16777216);
insert into numbers values(null,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2024,0,0,0,0,-0.0,5e-324,3.14159), (null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null);
create table texts(
 id int not null primary key, c char(10) character set utf8mb4, v varchar(255) character set utf8mb4, v2 varchar(300) character set utf8mb4, l1 varchar(20) character set latin1, u2 varchar(20) character set ucs2, u16 varchar(20) character set utf16, u32 char(5) character set utf32, a varchar(10) character set ascii, cy varchar(10) character set cp1251,
 tt tinytext character set utf8mb4, t text character set utf8mb4, mt mediumtext character set utf8mb4, lt longtext character set latin1,
 bn binary(5), vb varbinary(300), tb tinyblob, bl blob, mb mediumblob, lb longblob,
 e enum('red','grün','') character set utf8mb4, s set('a','b','ç') character set latin1, e300 enum('x','y'));
set names utf8mb4;
insert into texts values(1,'héllo','😀 \"quoted\" \\ back','v2\n\t\r\0\Z','Ünï€','ж','😀z','😀','ascii','привет','tiny','text','medium','löng',x'00ff00',x'0001fe',x'ff','blob',x'80','long','grün','a,ç','y');
insert into texts values(2,'','','','','','','','','','','','','','','','','','','','','','x');
insert into texts values(3,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null);
create table times(id int primary key, d date, t time, t1 time(1), t3 time(3), t6 time(6), dt datetime, dt1 datetime(1), dt2 datetime(2), dt6 datetime(6), ts timestamp null, ts3 timestamp(3) null, ts6 timestamp(6) null);
set sql_mode='ALLOW_INVALID_DATES';
set time_zone='+00:00';
insert into times values(1,'0000-00-00','-838:59:59','-838:59:59.0','-00:00:00.001','-00:00:00.000001','0000-00-00','0000-00-00','0000-00-00','0000-00-00',0,0,0);
insert into times values(2,'9999-12-31','838:59:59','838:59:58.9','838:59:58.999','838:59:58.999999','9999-12-31 23:59:59','9999-12-31 23:59:59.9','9999-12-31 23:59:59.99','9999-12-31 23:59:59.999999','2038-01-19 03:14:07','2038-01-19 03:14:07.999','2038-01-19 03:14:07.999999');
insert into times values(3,'2024-02-29','00:00:00','-00:00:00.1','12:34:56.789','-12:34:56.789012','2024-02-29 12:00:00','2024-00-00 00:00:00','2000-02-00 01:02:03.04','1000-01-01 00:00:00.000001','1970-01-01 00:00:01','1970-01-01 00:00:01.5','2024-02-29 23:59:59.000001');
insert into times values(4,null,null,null,null,null,null,null,null,null,null,null,null);
set sql_mode=default;
create table pairs(a int, b int, v varchar(20), primary key(a,b));
begin; insert into pairs values(1,1,'one'),(2,2,'two'); update pairs set v=concat(v,'!'); update pairs set v=null where a=2; savepoint s; delete from pairs where a=1; rollback to s; delete from pairs; commit;
set session binlog_row_image=minimal;
insert into pairs(a,b) values(7,8); update pairs set v='x' where a=7; delete from pairs;
set session binlog_row_image=noblob;
insert into texts(id,t,e300) values(9,'blob text','y'); update texts set e300='x' where id=9; delete from texts where id=9;
set session binlog_row_image=full;
create table `odd "na\me`(`col "1"` int, `ünï` int, `a.b` geometry);
insert into `odd "na\me` values(1,2,st_geomfromtext('POINT(1 2)',4326));
drop table `odd "na\me`;
create table documents(id int primary key, j json);
insert into documents values(1,'null'),(2,'true'),(3,'-1'),(4,'18446744073709551615'),(5,'1.0'),(6,'1e100'),(7,'"a\\"b\\\\\\u0001é😀"'),(8,'[]'),(9,'{}'),(10,'{"a":[1,-32768,32767,65535,-2147483648,4294967295,-9223372036854775808,{"b":null,"c":[true,false,[[]]]}],"zz":"x","":0.1}'),(11,null);
insert into documents values(12,json_array(cast(123.4500 as decimal(10,4)), cast('-838:59:58.5' as time(6)), cast('2024-02-29' as date), cast('2024-02-29 12:34:56.789' as datetime(3)), cast(x'00ff' as binary), b'101', year(now())-year(now())));
insert into documents select 13, json_object('long', repeat('x',200), 'arr', json_array(repeat('y',130)));
create table vectors(id int primary key, v vector(3));
insert into vectors values(1,string_to_vector('[1,2.5,-3]')),(2,null);
create table copied as select a from pairs;
create table copied2 select 1 as one;
xa start 'g','b',5; insert into pairs values(50,1,'xa'); xa end 'g','b',5; xa prepare 'g','b',5; xa commit 'g','b',5;
xa start 'h'; insert into pairs values(51,1,'xa'); xa end 'h'; xa commit 'h' one phase;
set gtid_next='AUTOMATIC:nightly'; insert into pairs values(60,1,'tagged'); set gtid_next='AUTOMATIC';
set session binlog_format=statement; insert into pairs values(70,1,'stmt'); update pairs set v=rand(), b=last_insert_id(3) where a=70; set @x='uv'; insert into pairs values(71,1,@x); set session binlog_format=row;
set names latin1; create table lat(a int comment 'é'); set names utf8mb4;
flush binary logs;
