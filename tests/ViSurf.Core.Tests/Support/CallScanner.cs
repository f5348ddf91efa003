using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace ViSurf.Core.Tests.Support;

/// <summary>A method that calls another one, each as "Type::Method(parameter types)".</summary>
internal sealed record Call(string Caller, string Callee);

/// <summary>Reads the calls of an assembly from its instructions.</summary>
internal static class CallScanner
{
    private static readonly Dictionary<int, OpCode> OpCodes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(f => (OpCode)f.GetValue(null)!).ToDictionary(o => (int)(ushort)o.Value);

    public static IReadOnlyList<Call> Calls(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        var reader = file.GetMetadataReader();
        return reader.MethodDefinitions
            .Where(handle => reader.GetMethodDefinition(handle).RelativeVirtualAddress != 0)
            .SelectMany(handle => Targets(file.GetMethodBody(reader.GetMethodDefinition(handle).RelativeVirtualAddress).GetILContent())
                .Select(target => new Call(Name(reader, handle), Name(reader, target))))
            .Distinct().ToArray();
    }

    /// <summary>The operands of all instructions that name a method.</summary>
    private static List<EntityHandle> Targets(ImmutableArray<byte> code)
    {
        var targets = new List<EntityHandle>();
        for (var at = 0; at < code.Length;)
        {
            var op = OpCodes[code[at] == 0xFE ? 0xFE00 | code[at + 1] : code[at]];
            at += op.Size;
            if (op.OperandType == OperandType.InlineMethod) targets.Add(MetadataTokens.EntityHandle(Int32(code, at)));
            at += op.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * Int32(code, at),
                _ => 4,
            };
        }
        return targets;
    }

    private static int Int32(ImmutableArray<byte> code, int at) => code[at] | code[at + 1] << 8 | code[at + 2] << 16 | code[at + 3] << 24;

    private static string Name(MetadataReader reader, EntityHandle handle) => handle.Kind switch
    {
        HandleKind.MethodDefinition => Name(reader, reader.GetMethodDefinition((MethodDefinitionHandle)handle)),
        HandleKind.MemberReference => Name(reader, reader.GetMemberReference((MemberReferenceHandle)handle)),
        HandleKind.MethodSpecification => Name(reader, reader.GetMethodSpecification((MethodSpecificationHandle)handle).Method),
        var other => other.ToString(),
    };

    private static string Name(MetadataReader reader, MethodDefinition method)
        => $"{reader.GetString(reader.GetTypeDefinition(method.GetDeclaringType()).Name)}::{reader.GetString(method.Name)}"
            + Parameters(method.DecodeSignature(new TypeNames(), null));

    private static string Name(MetadataReader reader, MemberReference member)
    {
        var type = member.Parent.Kind == HandleKind.TypeReference
            ? reader.GetString(reader.GetTypeReference((TypeReferenceHandle)member.Parent).Name)
            : member.Parent.Kind.ToString();
        return $"{type}::{reader.GetString(member.Name)}"
            + (member.GetKind() == MemberReferenceKind.Method ? Parameters(member.DecodeMethodSignature(new TypeNames(), null)) : "");
    }

    private static string Parameters(MethodSignature<string> signature) => $"({string.Join(", ", signature.ParameterTypes)})";

    /// <summary>Short names: enough to tell overloads apart.</summary>
    private sealed class TypeNames : ISignatureTypeProvider<string, object?>
    {
        public string GetArrayType(string element, ArrayShape shape) => element + "[,]";
        public string GetByReferenceType(string element) => element + "&";
        public string GetFunctionPointerType(MethodSignature<string> signature) => "delegate*";
        public string GetGenericInstantiation(string generic, ImmutableArray<string> arguments) => $"{generic}<{string.Join(", ", arguments)}>";
        public string GetGenericMethodParameter(object? context, int index) => $"!!{index}";
        public string GetGenericTypeParameter(object? context, int index) => $"!{index}";
        public string GetModifiedType(string modifier, string unmodified, bool isRequired) => unmodified;
        public string GetPinnedType(string element) => element;
        public string GetPointerType(string element) => element + "*";
        public string GetPrimitiveType(PrimitiveTypeCode code) => code.ToString();
        public string GetSZArrayType(string element) => element + "[]";
        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte kind) => reader.GetString(reader.GetTypeDefinition(handle).Name);
        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte kind) => reader.GetString(reader.GetTypeReference(handle).Name);
        public string GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte kind) => "specification";
    }
}
