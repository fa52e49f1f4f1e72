@echo off
rem Install gridgis from this folder, without a network: install.bat [FOLDER]
chcp 65001 >nul
set "FIND=py -@PYTHON@"
%FIND% -c "" >nul 2>nul || set "FIND=python"
%FIND% -c "" >nul 2>nul || goto missing
%FIND% "%~dp0install.py" %*
set "STATUS=%errorlevel%"
goto end
:missing
echo 没有找到 Python：请先安装 Python @PYTHON@（64 位），安装时勾选 Add to PATH。
echo No Python found: install Python @PYTHON@ (64 bit) first, with "Add to PATH".
set "STATUS=1"
:end
if "%~1"=="" pause
exit /b %STATUS%
